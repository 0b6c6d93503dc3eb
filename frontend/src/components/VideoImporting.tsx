import type { VideoDetails } from "../api/types";
import { useNowUntil } from "../hooks/useNowUntil";
import { useFormat, useText } from "../i18n";
import type { CardImport } from "../lib/cardState";
import { badgeText, statusText } from "../lib/cardTexts";
import { ImportDetails } from "./ImportDetails";
import { ImportStage } from "./ImportStage";
import { VideoFacts } from "./VideoFacts";
import { VideoLayout } from "./VideoLayout";

interface VideoImportingProps {
  video: VideoDetails;
  title: string;
  shown: CardImport;
}

/** A video whose import is under way, waits or failed. */
export function VideoImporting({ video, title, shown }: VideoImportingProps) {
  const text = useText();
  const format = useFormat();
  const now = useNowUntil(shown.until);
  const words = [badgeText(shown, text, format, now), statusText(shown, text, format, now)].filter(Boolean);
  const status = words.join(". ") || null;
  return (
    <VideoLayout
      listId={video.list_id}
      main={
        <>
          <ImportStage title={title} thumbnailUrl={video.thumbnail_url} shown={shown} status={status} />
          <VideoFacts video={video} title={title} />
        </>
      }
      more={<ImportDetails video={video} shown={shown} status={status} />}
    />
  );
}
