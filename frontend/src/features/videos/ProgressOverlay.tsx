import type { ImportStage } from "../../api/types";
import { useText } from "../../i18n";
import { stageKey } from "./cardTexts";
import styles from "./ProgressOverlay.module.css";

const RADIUS = 40;
const CIRCUMFERENCE = 2 * Math.PI * RADIUS;

export interface ProgressOverlayProps {
  /** Percent. */
  progress: number;
  stage: ImportStage;
  /** What is being imported, for screen readers. */
  title?: string;
  /** What happens right now, in words; without it, the step at this percentage. */
  status?: string;
  isWaiting?: boolean;
}

/** The ring over a picture whose video is being imported. */
export function ProgressOverlay({ progress, stage, title, status, isWaiting = false }: ProgressOverlayProps) {
  const text = useText();
  const percent = Math.round(Math.min(Math.max(progress, 0), 100));
  const words = status ?? text(stageKey(percent));
  return (
    <div
      className={styles.overlay}
      role="progressbar"
      data-stage={stage}
      aria-label={title ? text("cards.importing", { title }) : words}
      aria-valuenow={percent}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuetext={text("cards.valuetext", { status: words, percent })}
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
