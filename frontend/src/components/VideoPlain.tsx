import type { VideoDetails } from "../api/types";
import { usePlayer } from "../hooks/usePlayer";
import { CaptionsNote } from "./CaptionsNote";
import { Player } from "./Player";
import { VideoFacts } from "./VideoFacts";
import { VideoLayout } from "./VideoLayout";

/** A video that is not complete, where nothing is to be told of its import: it can be watched. */
export function VideoPlain({ video, title }: { video: VideoDetails; title: string }) {
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
