import { useCallback, useEffect, useRef, useState } from "react";
import type { Video } from "../../api/types";
import { useImportProgressFlag } from "../../data/flags";
import { useAddVideo, useDeleteVideo, useRetryVideo, useVideos } from "../../data/queries";
import { useText } from "../../i18n";
import { isPendingId } from "../../state/pendingVideos";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorNotice } from "../../ui/ErrorNotice";
import { errorMessage } from "../../ui/errorMessage";
import { toast } from "../../ui/toasts";
import { SkeletonCard } from "./SkeletonCard";
import { useGridLayout } from "./useGridLayout";
import styles from "./VideoGrid.module.css";
import { VirtualCards } from "./VirtualCards";

const SKELETONS = Array.from({ length: 8 }, (_, place) => place);

/** All videos of a list as cards, newest first. */
export function VideoGrid({ listId }: { listId: string }) {
  const text = useText();
  const { videos, isPending, error, retry, fetchNextPage, hasNextPage, isFetchingNextPage } = useVideos(listId);
  const showProgress = useImportProgressFlag();
  const onRetry = useRetry();
  const removal = useRemoval(listId, videos);

  if (videos.length === 0 && isPending) return <Loading />;
  if (videos.length === 0 && error) return <ErrorNotice error={error} onRetry={retry} />;
  if (videos.length === 0) return <EmptyState title={text("cards.empty.title")} text={text("cards.empty.text")} />;
  return (
    <>
      <VirtualCards
        videos={videos}
        showProgress={showProgress}
        hasMore={hasNextPage}
        onNearEnd={() => {
          if (!isFetchingNextPage && !error) void fetchNextPage();
        }}
        focusOn={removal.focusOn}
        onRetry={onRetry}
        onRemove={removal.run}
      />
      {error && (
        <div className={styles.notice}>
          <p>{text("cards.moreFailed")}</p>
          <ErrorNotice error={error} onRetry={retry} />
        </div>
      )}
    </>
  );
}

/** Outlines where the cards will be. */
function Loading() {
  const text = useText();
  const grid = useRef<HTMLDivElement>(null);
  const { columns, cardHeight, gap } = useGridLayout(grid).layout;
  const style = { gridTemplateColumns: `repeat(${columns}, minmax(0, 1fr))`, gridAutoRows: cardHeight, gap };
  return (
    <div ref={grid} className={styles.loading} style={style} role="status">
      <span className="visually-hidden">{text("cards.loading")}</span>
      {SKELETONS.map((place) => (
        <SkeletonCard key={place} />
      ))}
    </div>
  );
}

function useRetry(): (video: Video) => void {
  const text = useText();
  // Several may be in flight at once, and the grid may be unmounted when they end; only the promises report each.
  const { mutateAsync } = useRetryVideo();
  return useCallback(
    (video) => void mutateAsync(video.id).catch((error) => toast({ text: errorMessage(error, text) })),
    [mutateAsync, text],
  );
}

/** Removes at once, and offers to add the video again; the focus moves to the next card. */
function useRemoval(listId: string, videos: readonly Video[]) {
  const text = useText();
  const { mutateAsync: remove } = useDeleteVideo();
  const { mutateAsync: add } = useAddVideo(listId);
  const [focusOn, setFocusOn] = useState<{ youtubeId: string } | null>(null);
  const shown = useRef(videos);
  useEffect(() => {
    shown.current = videos;
  });
  const run = useCallback(
    (video: Video) => {
      if (isPendingId(video.id)) return;
      const index = shown.current.findIndex((known) => known.id === video.id);
      const next = shown.current[index + 1] ?? shown.current[index - 1];
      setFocusOn(next ? { youtubeId: next.youtube_id } : null);
      const report = (error: unknown) => void toast({ text: errorMessage(error, text) });
      const undo = { label: text("cards.removal.undo"), run: () => void add(video.url).catch(report) };
      remove(video.id).then(() => toast({ text: text("cards.removal.done"), action: undo }), report);
    },
    [add, remove, text],
  );
  return { focusOn, run };
}
