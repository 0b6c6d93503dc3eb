import styles from "./SkeletonCard.module.css";

/** The outline of a card that is still to come. */
export function SkeletonCard() {
  return (
    <div className={styles.card} aria-hidden="true">
      <div className={styles.media} />
      <div className={styles.line} />
      <div className={styles.shortLine} />
    </div>
  );
}
