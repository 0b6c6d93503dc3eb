import { useCallback, useRef, useState } from "react";
import type { Video } from "../../api/types";
import { useImportProgressFlag } from "../../data/flags";
import { useDeleteVideo, useRetryVideo, useVideos } from "../../data/queries";
import { useText } from "../../i18n";
import { isPendingId } from "../../state/pendingVideos";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { EmptyState } from "../../ui/EmptyState";
import { ErrorNotice } from "../../ui/ErrorNotice";
import { errorMessage } from "../../ui/errorMessage";
import { toast } from "../../ui/toasts";
import { cardTitle } from "./cardTexts";
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
  const removal = useRemoval(videos);

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
        onRemove={removal.ask}
      />
      {error && (
        <div className={styles.notice}>
          <p>{text("cards.moreFailed")}</p>
          <ErrorNotice error={error} onRetry={retry} />
        </div>
      )}
      <RemovalDialog video={removal.video} onConfirm={removal.confirm} onClose={removal.cancel} />
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

interface RemovalDialogProps {
  video: Video | null;
  onConfirm: () => void;
  onClose: () => void;
}

function RemovalDialog({ video, onConfirm, onClose }: RemovalDialogProps) {
  const text = useText();
  return (
    <Dialog
      isOpen={video !== null}
      onClose={onClose}
      title={text("cards.removal.title")}
      actions={
        <>
          <Button onClick={onClose}>{text("common.cancel")}</Button>
          <Button kind="danger" onClick={onConfirm} data-autofocus>
            {text("cards.remove")}
          </Button>
        </>
      }
    >
      {video && <p>{text("cards.removal.text", { title: cardTitle(video) })}</p>}
    </Dialog>
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

/** Asks for confirmation; afterwards the focus moves to the next card. */
function useRemoval(videos: readonly Video[]) {
  const text = useText();
  const { mutateAsync } = useDeleteVideo();
  const [video, setVideo] = useState<Video | null>(null);
  const [focusOn, setFocusOn] = useState<{ youtubeId: string } | null>(null);
  const ask = useCallback((asked: Video) => {
    if (!isPendingId(asked.id)) setVideo(asked);
  }, []);
  const confirm = () => {
    if (!video) return;
    const index = videos.findIndex((known) => known.id === video.id);
    const next = videos[index + 1] ?? videos[index - 1];
    setFocusOn(next ? { youtubeId: next.youtube_id } : null);
    setVideo(null);
    mutateAsync(video.id).then(
      () => toast({ text: text("cards.removal.done") }),
      (error) => toast({ text: errorMessage(error, text) }),
    );
  };
  return { video, focusOn, ask, confirm, cancel: () => setVideo(null) };
}
