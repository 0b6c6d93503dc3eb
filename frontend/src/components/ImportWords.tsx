import { useText } from "../i18n";
import type { CardImport } from "../lib/cardState";
import styles from "./ImportWords.module.css";

interface ImportWordsProps {
  shown: CardImport;
  /** What the import does or waits for right now. */
  status: string | null;
  /** Whether there is something to watch and read meanwhile. */
  isReadable: boolean;
}

/** How an import goes, or why it failed; nothing once it is complete. */
export function ImportWords({ shown, status, isReadable }: ImportWordsProps) {
  const isComplete = shown.state === "complete" || shown.state === "partial";
  return (
    <div className={styles.words} role="status" data-state={shown.state}>
      {!isComplete && <Words shown={shown} status={status} isReadable={isReadable} />}
    </div>
  );
}

function Words({ shown, status, isReadable }: ImportWordsProps) {
  const text = useText();
  if (shown.state === "error") {
    return (
      <>
        <p className={styles.headline}>{text("video.failed")}</p>
        <p>{shown.message}</p>
        {isReadable && <p className={styles.hint}>{text("video.failed.readable")}</p>}
      </>
    );
  }
  return (
    <>
      <p className={styles.headline}>{text("video.importing")}</p>
      {status && <p>{status}</p>}
      <p className={styles.hint}>{text(isReadable ? "video.importing.readable" : "video.importing.text")}</p>
    </>
  );
}
