import type { Chapter, VideoDetails } from "../../api/types";
import { useChapters } from "../../data/queries";
import { useText } from "../../i18n";
import { isUnderWay } from "../../state/progressRules";
import { ErrorNotice } from "../../ui/ErrorNotice";
import { Spinner } from "../../ui/Spinner";
import type { CardImport } from "../videos/cardState";
import { CaptionsNote } from "./CaptionsNote";
import { Chapters } from "./Chapters";
import { ImportDetails } from "./ImportDetails";
import { Player } from "./Player";
import { Transcript } from "./Transcript";
import { useCaptions } from "./useCaptions";
import { useImportStatus } from "./useImportStatus";
import { usePlayer } from "./usePlayer";
import { useRefetchAfterImport } from "./useRefetchAfterImport";
import { VideoFacts } from "./VideoFacts";
import { VideoLayout } from "./VideoLayout";
import styles from "./WatchView.module.css";

interface WatchViewProps {
  video: VideoDetails;
  title: string;
  shown: CardImport;
}

/** A video with its chapters and transcript. They stay while it is imported again, or when that fails. */
export function WatchView({ video, title, shown }: WatchViewProps) {
  const text = useText();
  const player = usePlayer();
  const captions = useCaptions(video.id);
  const chapters = useChapters(video.id);
  const isImporting = isUnderWay(video);
  useRefetchAfterImport(video.id, isImporting);
  const status = useImportStatus(shown);
  return (
    <VideoLayout
      listId={video.list_id}
      main={
        <>
          <Player youtubeId={video.youtube_id} title={title} thumbnailUrl={video.thumbnail_url} player={player} />
          <VideoFacts video={video} title={title} />
          <CaptionsNote video={video} kind={captions.kind} />
        </>
      }
      side={
        <>
          <ChapterList query={chapters} player={player} />
          <Transcript
            captions={captions}
            video={{ youtubeId: video.youtube_id, title }}
            missing={video.captions_missing_message ?? text(isImporting ? "transcript.pending" : "captions.noReason")}
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
