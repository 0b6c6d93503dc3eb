import { useConfig } from "../api/queries";
import type { VideoDetails } from "../api/types";
import { useText } from "../i18n";
import type { CardImport } from "../lib/cardState";
import { importRecordUrl } from "../lib/importRecord";
import { ImportAgain } from "./ImportAgain";
import styles from "./ImportDetails.module.css";
import { ImportTimeline } from "./ImportTimeline";
import { ImportWords } from "./ImportWords";

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
      {isReadable && <ImportWords shown={shown} status={status} isReadable />}
      <ImportTimeline video={video} shown={shown} status={status} chapterCount={chapterCount} />
      <ImportAgain video={video} shown={shown} />
      {recordUrl && (
        <a className={styles.record} href={recordUrl} target="_blank" rel="noreferrer">
          {text("video.record")}
        </a>
      )}
    </div>
  );
}
