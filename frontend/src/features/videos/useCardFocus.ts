import { type FocusEvent, type KeyboardEvent, type RefObject, useEffect, useMemo, useRef, useState } from "react";
import type { Video } from "../../api/types";
import { neighbour } from "./gridLayout";

/** Some keyboards have only one of them. */
const REMOVING_KEYS = new Set(["Delete", "Backspace"]);

interface Options {
  grid: RefObject<HTMLElement | null>;
  videos: readonly Video[];
  columns: number;
  onRemove: (video: Video) => void;
}

/**
 * Moving through the cards by keyboard. Cells are found by `data-index`, what takes the focus by `data-card-link`. What
 * has the focus is remembered by its video: its place changes when others come on top. The one that had it last is where
 * the Tab key comes back to.
 */
export function useCardFocus({ grid, videos, columns, onRemove }: Options) {
  /** This card stays in the page while it has the focus, wherever the page is scrolled to. */
  const [keptId, setKeptId] = useState<string | null>(null);
  const [activeId, setActiveId] = useState<string | null>(null);
  const wanted = useRef<string | null>(null);
  const keptIndex = useMemo(() => placeOf(videos, keptId), [videos, keptId]);
  const activeIndex = useMemo(() => placeOf(videos, activeId), [videos, activeId]);

  useEffect(() => {
    const index = placeOf(videos, wanted.current);
    const cell = index === null ? null : grid.current?.querySelector<HTMLElement>(`[data-index="${index}"]`);
    if (!cell) return;
    wanted.current = null;
    cell.querySelector<HTMLElement>("[data-card-link]")?.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest" });
  });

  function focusCard(youtubeId: string) {
    wanted.current = youtubeId;
    hold(youtubeId);
  }

  function hold(youtubeId: string | null) {
    setKeptId(youtubeId);
    setActiveId(youtubeId);
  }

  function onKeyDown(event: KeyboardEvent) {
    const index = indexOf(event.target);
    if (index === null || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!(event.target as Element).closest("[data-card-link]")) return;
    const video = videos[index];
    const next = videos[neighbour(event.key, index, columns, videos.length) ?? -1];
    if (next) focusCard(next.youtube_id);
    else if (REMOVING_KEYS.has(event.key) && video) onRemove(video);
    else return;
    event.preventDefault();
  }

  const onFocus = (event: FocusEvent) => hold(videos[indexOf(event.target) ?? -1]?.youtube_id ?? null);
  const onBlur = (event: FocusEvent) => {
    // Where the focus is lost to nothing, as with a switch of windows, it comes back to the same card.
    if (event.relatedTarget && !grid.current?.contains(event.relatedTarget)) setKeptId(null);
  };
  return { activeIndex, keptIndex, focusCard, handlers: { onKeyDown, onFocus, onBlur } };
}

function placeOf(videos: readonly Video[], youtubeId: string | null): number | null {
  const index = youtubeId === null ? -1 : videos.findIndex((video) => video.youtube_id === youtubeId);
  return index < 0 ? null : index;
}

function indexOf(target: EventTarget): number | null {
  const cell = target instanceof Element ? target.closest<HTMLElement>("[data-index]") : null;
  return cell ? Number(cell.dataset.index) : null;
}
