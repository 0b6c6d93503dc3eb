import { defaultRangeExtractor, type Range, useWindowVirtualizer } from "@tanstack/react-virtual";
import { memo, useCallback, useEffect, useLayoutEffect } from "react";
import type { Video } from "../../api/types";
import { useText } from "../../i18n";
import { useFocusHandover } from "../../ui/useFocusHandover";
import type { GridLayout } from "./gridLayout";
import { SkeletonCard } from "./SkeletonCard";
import { useCardFocus } from "./useCardFocus";
import { useGridLayout } from "./useGridLayout";
import { useScrollAnchor } from "./useScrollAnchor";
import { VideoCard, type VideoCardProps } from "./VideoCard";
import styles from "./VirtualCards.module.css";

/** Rows that are ready outside of the window, and rows before the end at which the next page is fetched. */
const ROWS_AROUND = 3;
const ROWS_AHEAD = 8;

interface Props {
  videos: readonly Video[];
  showProgress: boolean;
  hasMore: boolean;
  /** Called again and again while the end is near. */
  onNearEnd: () => void;
  /** A card to bring the focus to; a new object is a new wish. */
  focusOn: { youtubeId: string } | null;
  onRetry: (video: Video) => void;
  onRemove: (video: Video) => void;
}

/** A grid of cards, of which only those near the window are in the page. */
export function VirtualCards({ videos, showProgress, hasMore, onNearEnd, focusOn, onRetry, onRemove }: Props) {
  const text = useText();
  // With its last card, the grid itself goes.
  const grid = useFocusHandover<HTMLUListElement>();
  const { layout, top } = useGridLayout(grid);
  const { columns } = layout;
  const { activeIndex, keptIndex, focusCard, handlers } = useCardFocus({ grid, videos, columns, onRemove });
  const keptRow = keptIndex === null ? null : Math.floor(keptIndex / columns);
  const rowCount = Math.ceil(videos.length / columns) + (hasMore ? 1 : 0);
  const { rows, height, firstRow, lastRow } = useRows(layout, rowCount, top, keptRow);
  useScrollAnchor({ videos, layout, top });

  // The Tab key finds one card only, and leaves the grid after it: else the grid would grow ahead of it without end.
  const isActiveThere = activeIndex !== null && rows.includes(Math.floor(activeIndex / columns));
  const tabStop = isActiveThere ? activeIndex : Math.min(firstRow * columns, videos.length - 1);

  useEffect(() => {
    if (hasMore && lastRow >= rowCount - ROWS_AHEAD) onNearEnd();
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: a wish is fulfilled once, whatever changes later.
  useEffect(() => {
    if (focusOn) focusCard(focusOn.youtubeId);
  }, [focusOn]);

  const cells = rows.flatMap((row) => {
    const first = row * columns;
    const end = hasMore ? first + columns : Math.min(first + columns, videos.length);
    return Array.from({ length: end - first }, (_, column) => first + column);
  });
  return (
    <ul ref={grid} className={styles.grid} style={{ height }} aria-label={text("cards.grid")} {...handlers}>
      {cells.map((index) => (
        <Cell
          key={videos[index]?.youtube_id ?? index}
          video={videos[index]}
          index={index}
          layout={layout}
          setSize={hasMore ? -1 : videos.length}
          showProgress={showProgress}
          tabIndex={index === tabStop ? 0 : -1}
          onRetry={onRetry}
          onRemove={onRemove}
        />
      ))}
    </ul>
  );
}

/** The rows that are in the page: those around the window, and the one with the focus. */
function useRows({ cardHeight, gap }: GridLayout, count: number, top: number, keptRow: number | null) {
  const rowHeight = cardHeight + gap;
  const rangeExtractor = useCallback(
    (range: Range) => {
      const rows = defaultRangeExtractor(range);
      const isMissing = keptRow !== null && keptRow < range.count && !rows.includes(keptRow);
      return isMissing ? [...rows, keptRow].sort((a, b) => a - b) : rows;
    },
    [keptRow],
  );
  const virtualizer = useWindowVirtualizer({
    count,
    estimateSize: () => rowHeight,
    overscan: ROWS_AROUND,
    scrollMargin: top,
    rangeExtractor,
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: sizes are remembered until the height of rows changes.
  useLayoutEffect(() => virtualizer.measure(), [virtualizer, rowHeight]);
  return {
    rows: virtualizer.getVirtualItems().map((item) => item.index),
    height: Math.max(0, count * rowHeight - gap),
    firstRow: virtualizer.range?.startIndex ?? 0,
    lastRow: virtualizer.range?.endIndex ?? -1,
  };
}

interface CellProps extends Omit<VideoCardProps, "video"> {
  /** Undefined: it is still being loaded. */
  video: Video | undefined;
  index: number;
  layout: GridLayout;
  setSize: number;
}

const Cell = memo(function Cell({ video, index, layout, setSize, ...card }: CellProps) {
  const { columns, cardWidth, cardHeight, gap } = layout;
  const x = (index % columns) * (cardWidth + gap);
  const y = Math.floor(index / columns) * (cardHeight + gap);
  return (
    <li
      className={styles.cell}
      style={{ width: cardWidth, height: cardHeight, transform: `translate(${x}px, ${y}px)` }}
      data-index={index}
      aria-posinset={index + 1}
      aria-setsize={setSize}
    >
      {video ? <VideoCard video={video} {...card} /> : <SkeletonCard />}
    </li>
  );
});
