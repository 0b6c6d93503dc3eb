import type { ReactNode } from "react";
import styles from "./EmptyState.module.css";

interface Props {
  title: string;
  text?: string;
  /** The one step that leads on. */
  children?: ReactNode;
  /** Level of its heading. */
  level?: 1 | 2;
}

export function EmptyState({ title, text, children, level = 2 }: Props) {
  const Heading = level === 1 ? "h1" : "h2";
  return (
    <div className={styles.empty}>
      <Heading className={styles.title}>{title}</Heading>
      {text && <p className={styles.text}>{text}</p>}
      {children && <div className={styles.step}>{children}</div>}
    </div>
  );
}
