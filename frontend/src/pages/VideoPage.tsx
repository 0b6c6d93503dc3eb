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
import { useStepTimes } from "../hooks/useStepTimes";
import { useTitle } from "../hooks/useTitle";
import { useText } from "../i18n";
import { cardImportOf, isUnderWay } from "../lib/cardState";
import { useImportProgressFlag, useIsFlagKnown } from "../lib/flags";
import { usePauses, useVideoProgress } from "../stores/progress";

/** One video: to watch, read and search, once it is imported; until then, how far that is. */
export function VideoPage() {
  const { videoId = "" } = useParams<{ videoId: string }>();
  const text = useText();
  const { data: video, error, refetch } = useVideo(videoId);
  const isFlagKnown = useIsFlagKnown(); // what is shown depends on it
  if (error && !video) {
    const isGone = error instanceof Problem && (error.status === 404 || error.status === 422);
    return isGone ? <Gone /> : <ErrorNotice error={error} onRetry={refetch} />;
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
  const times = useStepTimes(progress);
  const title = video.title ?? text("video.untitled");
  useTitle(title);
  useReloadOnNews(isFlagOn ? progress?.stage : undefined, video.import_stage, reload);
  const isReadable = !isUnderWay(video) && video.import_stage !== "error";
  const parts = { video, title, shown, times };
  if (isReadable) return <VideoReading {...parts} />;
  const isTold = isFlagOn || video.import_stage === "error";
  return isTold ? <VideoImporting {...parts} /> : <VideoPlain video={video} title={title} />;
}

/** Each stage brings something to show: a title, then where the captions are from, then everything. */
function useReloadOnNews(stage: string | undefined, loadedStage: string, reload: () => unknown): void {
  useEffect(() => {
    if (stage && stage !== loadedStage && loadedStage !== "complete") void reload();
  }, [stage, loadedStage, reload]);
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
