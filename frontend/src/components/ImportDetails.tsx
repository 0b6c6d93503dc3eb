import { useConfig } from "../api/queries";
import type { VideoDetails } from "../api/types";
import { useText } from "../i18n";
import type { CardImport } from "../lib/cardState";
import { importRecordUrl } from "../lib/importRecord";
import { ImportAgain } from "./ImportAgain";
import styles from "./ImportDetails.module.css";
import { ImportTimeline } from "./ImportTimeline";

interface ImportDetailsProps {
  video: VideoDetails;
  shown: CardImport;
  status: string | null;
  /** Undefined: not known (yet). */
  chapterCount?: number | undefined;
}

/** How a video came here, and how to have it come again. */
export function ImportDetails({ video, shown, status, chapterCount }: ImportDetailsProps) {
  const text = useText();
  const { data: config } = useConfig();
  const recordUrl = config && importRecordUrl(config, video.youtube_id, window.location.hostname);
  return (
    <div className={styles.details}>
      <ImportTimeline video={video} shown={shown} status={status} chapterCount={chapterCount} />
      <ImportAgain videoId={video.id} shown={shown} />
      {recordUrl && (
        <a className={styles.record} href={recordUrl} target="_blank" rel="noreferrer">
          {text("video.record")}
        </a>
      )}
    </div>
  );
}
