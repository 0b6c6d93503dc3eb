import { useText } from "../i18n";
import type { CardImport } from "../lib/cardState";
import styles from "./ImportStage.module.css";
import { ProgressOverlay } from "./ProgressOverlay";
import { Thumbnail } from "./Thumbnail";

interface ImportStageProps {
  title: string;
  thumbnailUrl: string;
  shown: CardImport;
  status: string | null;
}

/** In the place of the player while there is nothing to play yet: how far the import is, or that it failed. */
export function ImportStage({ title, thumbnailUrl, shown, status }: ImportStageProps) {
  const text = useText();
  const isFailed = shown.state === "error";
  return (
    <div>
      <div className={styles.stage} data-state={shown.state}>
        <div className={styles.picture}>
          <Thumbnail url={thumbnailUrl} />
        </div>
        {!isFailed && (
          <ProgressOverlay
            progress={shown.progress}
            title={title}
            status={status ?? ""}
            isWaiting={shown.state !== "importing"}
          />
        )}
      </div>
      <div className={styles.words} role="status">
        <p className={styles.headline}>{text(isFailed ? "video.failed" : "video.importing")}</p>
        {isFailed ? <p>{shown.message}</p> : status && <p>{status}</p>}
        {!isFailed && <p className={styles.hint}>{text("video.importing.text")}</p>}
      </div>
    </div>
  );
}
