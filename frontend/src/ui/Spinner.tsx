import { useText } from "../i18n";
import styles from "./Spinner.module.css";

interface Props {
  /** What is loading; "Loading …" by default. */
  label?: string;
}

export function Spinner({ label }: Props) {
  const text = useText();
  return (
    <div className={styles.spinner} role="status">
      <span className={styles.ring} aria-hidden="true" />
      <span>{label ?? text("app.loading")}</span>
    </div>
  );
}
