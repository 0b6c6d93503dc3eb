import type { VideoDetails } from "../../api/types";
import { CaptionsNote } from "./CaptionsNote";
import { Player } from "./Player";
import { usePlayer } from "./usePlayer";
import { VideoFacts } from "./VideoFacts";
import { VideoLayout } from "./VideoLayout";

/** A video that is not complete, without its import's progress (the feature flag is off): it can be watched. */
export function PlayerOnly({ video, title }: { video: VideoDetails; title: string }) {
  const player = usePlayer();
  return (
    <VideoLayout
      listId={video.list_id}
      main={
        <>
          <Player youtubeId={video.youtube_id} title={title} thumbnailUrl={video.thumbnail_url} player={player} />
          <VideoFacts video={video} title={title} />
          <CaptionsNote video={video} kind={null} />
        </>
      }
    />
  );
}
