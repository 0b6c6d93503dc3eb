import type { VideoDetails } from "../../api/types";
import { useConfig } from "../../data/queries";
import { useText } from "../../i18n";
import type { CardImport } from "../videos/cardState";
import styles from "./ImportDetails.module.css";
import { ImportStatusText } from "./ImportStatusText";
import { ImportTimeline } from "./ImportTimeline";
import { importRecordUrl } from "./importRecord";
import { ReimportButton } from "./ReimportButton";

interface ImportDetailsProps {
  video: VideoDetails;
  shown: CardImport;
  status: string | null;
  /** Undefined: not known (yet). */
  chapterCount?: number | undefined;
  /** Whether the video itself is shown above, where otherwise the import would be. */
  isReadable?: boolean;
}

/** How a video came here, and how to have it come again. */
export function ImportDetails({ video, shown, status, chapterCount, isReadable = false }: ImportDetailsProps) {
  const text = useText();
  const { data: config } = useConfig();
  const recordUrl = config && importRecordUrl(config, video.youtube_id, window.location.hostname);
  return (
    <div className={styles.details}>
      {isReadable && <ImportStatusText shown={shown} status={status} isReadable />}
      <ImportTimeline video={video} shown={shown} status={status} chapterCount={chapterCount} />
      <ReimportButton video={video} shown={shown} />
      {recordUrl && (
        <a className={styles.record} href={recordUrl} target="_blank" rel="noreferrer">
          {text("video.record")}
        </a>
      )}
    </div>
  );
}
