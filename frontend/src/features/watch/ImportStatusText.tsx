import { useText } from "../../i18n";
import type { CardImport } from "../videos/cardState";
import styles from "./ImportStatusText.module.css";

interface ImportStatusTextProps {
  shown: CardImport;
  /** What the import does or waits for right now. */
  status: string | null;
  /** Whether there is something to watch and read meanwhile. */
  isReadable: boolean;
}

/** The status of an import, or why it failed; nothing once it is complete. */
export function ImportStatusText({ shown, status, isReadable }: ImportStatusTextProps) {
  const isComplete = shown.state === "complete" || shown.state === "partial";
  return (
    <div className={styles.status} role="status" data-state={shown.state}>
      {!isComplete && <StatusLines shown={shown} status={status} isReadable={isReadable} />}
    </div>
  );
}

function StatusLines({ shown, status, isReadable }: ImportStatusTextProps) {
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
