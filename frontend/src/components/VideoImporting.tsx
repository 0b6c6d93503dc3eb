import type { VideoDetails } from "../api/types";
import { useImportStatus } from "../hooks/useImportStatus";
import type { CardImport } from "../lib/cardState";
import { ImportDetails } from "./ImportDetails";
import { ImportStage } from "./ImportStage";
import { VideoFacts } from "./VideoFacts";
import { VideoLayout } from "./VideoLayout";

interface VideoImportingProps {
  video: VideoDetails;
  title: string;
  shown: CardImport;
}

/** A video of which nothing can be read yet: its import is under way, waits or failed. */
export function VideoImporting({ video, title, shown }: VideoImportingProps) {
  const status = useImportStatus(shown);
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
