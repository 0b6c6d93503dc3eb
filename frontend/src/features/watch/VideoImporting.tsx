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
  /** Off: no overlay. */
  showProgress: boolean;
}

/** A video without anything to read yet: its import is running, waiting or has failed. */
export function VideoImporting({ video, title, shown, showProgress }: VideoImportingProps) {
  const status = useImportStatus(shown);
  return (
    <VideoLayout
      listId={video.list_id}
      main={
        <>
          <ImportStage
            title={title}
            thumbnailUrl={video.thumbnail_url}
            stage={video.import_stage}
            shown={shown}
            status={status}
            showProgress={showProgress}
          />
          <VideoFacts video={video} title={title} />
        </>
      }
      more={<ImportDetails video={video} shown={shown} status={status} />}
    />
  );
}
