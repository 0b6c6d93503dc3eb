import { useEffect } from "react";
import { Link, useParams } from "wouter";
import { Problem } from "../api/problem";
import type { VideoDetails } from "../api/types";
import { useImportProgressFlag } from "../data/flags";
import { useVideo } from "../data/queries";
import { cardImportOf } from "../features/videos/cardState";
import { useIsReadable } from "../features/watch/useIsReadable";
import { VideoImporting } from "../features/watch/VideoImporting";
import { WatchView } from "../features/watch/WatchView";
import { useText } from "../i18n";
import { useWebSocket } from "../live/useWebSocket";
import { usePauses, useVideoProgress } from "../state/progress";
import { isUnderWay } from "../state/progressRules";
import { EmptyState } from "../ui/EmptyState";
import { ErrorNotice } from "../ui/ErrorNotice";
import { Spinner } from "../ui/Spinner";
import { useTitle } from "../ui/useTitle";

/** One video: to watch, read and search, once it was imported; until then, how far that is. */
export function VideoPage() {
  const { videoId = "" } = useParams<{ videoId: string }>();
  const text = useText();
  const { data: video, error, refetch } = useVideo(videoId);
  if (error && !video) {
    return error instanceof Problem && error.isMissing ? <Gone /> : <ErrorNotice error={error} onRetry={refetch} />;
  }
  if (!video) return <Spinner label={text("app.loading")} />;
  return <KnownVideo key={videoId} video={video} reload={refetch} />;
}

function KnownVideo({ video, reload }: { video: VideoDetails; reload: () => unknown }) {
  const text = useText();
  const isFlagOn = useImportProgressFlag();
  const progress = useVideoProgress(video.id, isUnderWay(video));
  const pauses = usePauses();
  const shown = cardImportOf(video, progress, pauses);
  const title = video.title ?? text("video.untitled");
  useTitle(title);
  useReloadOnNews(video, isUnderWay(video), reload);
  const isReadable = useIsReadable(video);
  const parts = { video, title, shown };
  if (isReadable === null) return <Spinner label={text("app.loading")} />;
  if (isReadable) return <WatchView {...parts} />;
  return <VideoImporting {...parts} showProgress={isFlagOn} />;
}

/** Each stage brings something to show: a title, then where the captions are from, then everything. */
function useReloadOnNews({ id, import_stage }: VideoDetails, isWanted: boolean, reload: () => unknown): void {
  const { subscribe } = useWebSocket();
  useEffect(() => {
    if (!isWanted) return;
    let loaded = import_stage;
    return subscribe(id, ({ stage }) => {
      if (stage === loaded) return;
      loaded = stage; // a running stage is reported many times
      void reload();
    });
  }, [id, import_stage, isWanted, reload, subscribe]);
}

function Gone() {
  const text = useText();
  useTitle(text("video.gone.title"));
  return (
    <EmptyState level={1} title={text("video.gone.title")} text={text("video.gone.text")}>
      <Link href="/">{text("notFound.home")}</Link>
    </EmptyState>
  );
}
