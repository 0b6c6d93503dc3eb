import styles from "./ProgressBar.module.css";

interface Props {
  /** Percent. */
  value: number;
  label: string;
  /** The value in words. */
  valueText: string;
  /** Nothing moves at the moment. */
  isResting?: boolean;
}

export function ProgressBar({ value, label, valueText, isResting = false }: Props) {
  return (
    <div
      className={isResting ? `${styles.bar} ${styles.resting}` : styles.bar}
      role="progressbar"
      aria-label={label}
      aria-valuemin={0}
      aria-valuemax={100}
      aria-valuenow={value}
      aria-valuetext={valueText}
    >
      <div className={styles.done} style={{ transform: `scaleX(${value / 100})` }} />
    </div>
  );
}
