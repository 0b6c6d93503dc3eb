import type { MouseEvent, ReactNode } from "react";
import { Link } from "wouter";
import { useText } from "../../i18n";
import styles from "./VideoLayout.module.css";

interface VideoLayoutProps {
  listId: string;
  /** The player, or what is in its place, and what belongs to it. */
  main: ReactNode;
  /** Beside it where there is room, otherwise below. */
  side?: ReactNode;
  /** Below everything else. */
  more?: ReactNode;
}

export function VideoLayout({ listId, main, side, more }: VideoLayoutProps) {
  const text = useText();
  return (
    <div className={styles.page}>
      <Link className={styles.back} href={`/lists/${listId}`} onClick={goBack}>
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M15 5l-7 7 7 7" />
        </svg>
        {text("video.back")}
      </Link>
      <div className={styles.columns} data-has-side={side !== undefined || undefined}>
        <div className={styles.main}>{main}</div>
        {side !== undefined && <div className={styles.side}>{side}</div>}
        {more !== undefined && <div className={styles.more}>{more}</div>}
      </div>
    </div>
  );
}

/** Who came from the list finds it as it was left. */
function goBack(event: MouseEvent): void {
  const state: unknown = history.state;
  const isFromList = typeof state === "object" && state !== null && "isFromList" in state;
  if (!isFromList || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.back();
}
