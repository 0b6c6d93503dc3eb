import { useEffect } from "react";
import { Link, useParams } from "wouter";
import { Problem } from "../api/client";
import { useVideo } from "../api/queries";
import type { VideoDetails } from "../api/types";
import { EmptyState } from "../components/EmptyState";
import { ErrorNotice } from "../components/ErrorNotice";
import { Spinner } from "../components/Spinner";
import { VideoImporting } from "../components/VideoImporting";
import { VideoPlain } from "../components/VideoPlain";
import { VideoReading } from "../components/VideoReading";
import { useIsReadable } from "../hooks/useIsReadable";
import { useTitle } from "../hooks/useTitle";
import { useWebSocket } from "../hooks/useWebSocket";
import { useText } from "../i18n";
import { cardImportOf, isUnderWay } from "../lib/cardState";
import { useImportProgressFlag, useIsFlagKnown } from "../lib/flags";
import { usePauses, useVideoProgress } from "../stores/progress";

/** One video: to watch, read and search, once it was imported; until then, how far that is. */
export function VideoPage() {
  const { videoId = "" } = useParams<{ videoId: string }>();
  const text = useText();
  const { data: video, error, refetch } = useVideo(videoId);
  const isFlagKnown = useIsFlagKnown(); // what is shown depends on it
  if (error && !video) {
    return error instanceof Problem && error.isMissing ? <Gone /> : <ErrorNotice error={error} onRetry={refetch} />;
  }
  if (!video || !isFlagKnown) return <Spinner label={text("app.loading")} />;
  return <KnownVideo key={videoId} video={video} reload={refetch} />;
}

function KnownVideo({ video, reload }: { video: VideoDetails; reload: () => unknown }) {
  const text = useText();
  const isFlagOn = useImportProgressFlag();
  const progress = useVideoProgress(video.id, isFlagOn && isUnderWay(video));
  const pauses = usePauses();
  const shown = cardImportOf(video, progress, pauses, isFlagOn);
  const title = video.title ?? text("video.untitled");
  useTitle(title);
  useReloadOnNews(video, isFlagOn && isUnderWay(video), reload);
  const isReadable = useIsReadable(video);
  const parts = { video, title, shown };
  if (isReadable === null) return <Spinner label={text("app.loading")} />;
  if (isReadable) return <VideoReading {...parts} />;
  const isTold = isFlagOn || video.import_stage === "error";
  return isTold ? <VideoImporting {...parts} /> : <VideoPlain video={video} title={title} />;
}

/** Each stage brings something to show: a title, then where the captions are from, then everything. */
function useReloadOnNews({ id, import_stage }: VideoDetails, isWanted: boolean, reload: () => unknown): void {
  const { subscribe } = useWebSocket();
  useEffect(() => {
    if (!isWanted) return;
    let loaded = import_stage;
    return subscribe(id, ({ stage }) => {
      if (stage === loaded) return;
      loaded = stage; // while a stage is under way it is told many times
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
