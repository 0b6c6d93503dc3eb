import type { VideoDetails } from "../../api/types";
import type { CardImport } from "../videos/cardState";
import { ImportDetails } from "./ImportDetails";
import { ImportStage } from "./ImportStage";
import { useImportStatus } from "./useImportStatus";
import { VideoFacts } from "./VideoFacts";
import { VideoLayout } from "./VideoLayout";

interface VideoImportingProps {
  video: VideoDetails;
  title: string;
  shown: CardImport;
}

/** A video without anything to read yet: its import is running, waiting or has failed. */
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
