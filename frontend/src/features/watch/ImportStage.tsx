import type { ImportStage as ImportStageName } from "../../api/types";
import type { CardImport } from "../videos/cardState";
import { ProgressOverlay } from "../videos/ProgressOverlay";
import { Thumbnail } from "../videos/Thumbnail";
import styles from "./ImportStage.module.css";
import { ImportStatusText } from "./ImportStatusText";

interface ImportStageProps {
  title: string;
  thumbnailUrl: string;
  stage: ImportStageName;
  shown: CardImport;
  status: string | null;
  /** Off: no overlay. */
  showProgress: boolean;
}

/** In the place of the player while there is nothing to play yet: how far the import is, or that it failed. */
export function ImportStage({ title, thumbnailUrl, stage, shown, status, showProgress }: ImportStageProps) {
  return (
    <div className={styles.place}>
      <div className={styles.stage}>
        <div className={styles.picture}>
          <Thumbnail url={thumbnailUrl} />
        </div>
        {showProgress && shown.state !== "error" && (
          <ProgressOverlay
            progress={shown.progress}
            stage={stage}
            title={title}
            {...(status && { status })}
            isWaiting={shown.state !== "importing"}
          />
        )}
      </div>
      <ImportStatusText shown={shown} status={status} isReadable={false} />
    </div>
  );
}
