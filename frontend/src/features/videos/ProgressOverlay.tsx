import { useText } from "../../i18n";
import styles from "./ProgressOverlay.module.css";

const RADIUS = 40;
const CIRCUMFERENCE = 2 * Math.PI * RADIUS;

export interface ProgressOverlayProps {
  /** Percent. */
  progress: number;
  /** What is being imported. */
  title: string;
  /** What happens right now, in words. */
  status: string;
  isWaiting?: boolean;
}

/** The ring over a picture whose video is being imported. */
export function ProgressOverlay({ progress, title, status, isWaiting = false }: ProgressOverlayProps) {
  const text = useText();
  const percent = Math.round(Math.min(Math.max(progress, 0), 100));
  return (
    <div
      className={styles.overlay}
      role="progressbar"
      aria-label={text("cards.importing", { title })}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={text("cards.valuetext", { status, percent })}
      data-waiting={isWaiting || undefined}
    >
      <svg className={styles.ring} viewBox="0 0 96 96" aria-hidden="true">
        <circle className={styles.track} cx="48" cy="48" r={RADIUS} />
        <circle
          className={styles.done}
          cx="48"
          cy="48"
          r={RADIUS}
          strokeDasharray={CIRCUMFERENCE}
          strokeDashoffset={CIRCUMFERENCE * (1 - percent / 100)}
        />
      </svg>
      <span className={styles.percent} aria-hidden="true">
        {text("cards.percent", { percent })}
      </span>
    </div>
  );
}
