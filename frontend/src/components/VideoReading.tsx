import { useChapters } from "../api/queries";
import type { Chapter, VideoDetails } from "../api/types";
import { useCaptions } from "../hooks/useCaptions";
import { useImportStatus } from "../hooks/useImportStatus";
import { usePlayer } from "../hooks/usePlayer";
import { useReadAgain } from "../hooks/useReadAgain";
import { useText } from "../i18n";
import { type CardImport, isUnderWay } from "../lib/cardState";
import { CaptionsNote } from "./CaptionsNote";
import { Chapters } from "./Chapters";
import { ErrorNotice } from "./ErrorNotice";
import { ImportDetails } from "./ImportDetails";
import { Player } from "./Player";
import { Spinner } from "./Spinner";
import { Transcript } from "./Transcript";
import { VideoFacts } from "./VideoFacts";
import { VideoLayout } from "./VideoLayout";
import styles from "./VideoReading.module.css";

interface VideoReadingProps {
  video: VideoDetails;
  title: string;
  shown: CardImport;
}

/** A video to watch, with chapters and transcript beside it. They stay while another import is under way or failed. */
export function VideoReading({ video, title, shown }: VideoReadingProps) {
  const text = useText();
  const player = usePlayer();
  const captions = useCaptions(video.id);
  const chapters = useChapters(video.id);
  const isComing = isUnderWay(video);
  useReadAgain(video.id, isComing);
  const status = useImportStatus(shown);
  return (
    <VideoLayout
      listId={video.list_id}
      main={
        <>
          <Player youtubeId={video.youtube_id} title={title} thumbnailUrl={video.thumbnail_url} player={player} />
          <VideoFacts video={video} title={title} />
          <CaptionsNote video={video} kind={captions.kind} hasLines={captions.segments.length > 0} />
        </>
      }
      side={
        <>
          <ChapterList query={chapters} player={player} />
          <Transcript
            captions={captions}
            video={{ youtubeId: video.youtube_id, title }}
            missing={video.captions_missing_message ?? text(isComing ? "transcript.pending" : "captions.noReason")}
            playback={player.playback}
            onJump={player.jumpTo}
          />
        </>
      }
      more={
        <>
          {video.description && (
            <details className={styles.description}>
              <summary>{text("video.description")}</summary>
              <p>{video.description}</p>
            </details>
          )}
          <ImportDetails video={video} shown={shown} status={status} chapterCount={chapters.data?.length} isReadable />
        </>
      }
    />
  );
}

interface ChapterListProps {
  query: { data: Chapter[] | undefined; error: Error | null; refetch: () => unknown };
  player: ReturnType<typeof usePlayer>;
}

function ChapterList({ query: { data, error, refetch }, player }: ChapterListProps) {
  if (data) return <Chapters chapters={data} playback={player.playback} onJump={player.jumpTo} />;
  return error ? <ErrorNotice error={error} onRetry={refetch} /> : <Spinner />;
}
