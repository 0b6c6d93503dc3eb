import type { CardImport } from "../videos/cardState";
import { ProgressOverlay } from "../videos/ProgressOverlay";
import { Thumbnail } from "../videos/Thumbnail";
import styles from "./ImportStage.module.css";
import { ImportStatusText } from "./ImportStatusText";

interface ImportStageProps {
  title: string;
  thumbnailUrl: string;
  shown: CardImport;
  status: string | null;
}

/** In the place of the player while there is nothing to play yet: how far the import is, or that it failed. */
export function ImportStage({ title, thumbnailUrl, shown, status }: ImportStageProps) {
  return (
    <div className={styles.place}>
      <div className={styles.stage}>
        <div className={styles.picture}>
          <Thumbnail url={thumbnailUrl} />
        </div>
        {shown.state !== "error" && (
          <ProgressOverlay
            progress={shown.progress}
            title={title}
            status={status ?? ""}
            isWaiting={shown.state !== "importing"}
          />
        )}
      </div>
      <ImportStatusText shown={shown} status={status} isReadable={false} />
    </div>
  );
}
