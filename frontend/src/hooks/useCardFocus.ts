import { type FocusEvent, type KeyboardEvent, type RefObject, useEffect, useRef, useState } from "react";
import type { Video } from "../api/types";
import { neighbour } from "../lib/gridLayout";

interface Options {
  grid: RefObject<HTMLElement | null>;
  videos: readonly Video[];
  columns: number;
  onRemove: (video: Video) => void;
}

/** Moving through the cards by keyboard. Cells are found by `data-index`, what takes the focus by `data-card-link`. */
export function useCardFocus({ grid, videos, columns, onRemove }: Options) {
  /** This card stays in the page while it has the focus, wherever the page is scrolled to. */
  const [keptIndex, setKeptIndex] = useState<number | null>(null);
  const wanted = useRef<number | null>(null);

  useEffect(() => {
    if (wanted.current === null) return;
    const cell = grid.current?.querySelector<HTMLElement>(`[data-index="${wanted.current}"]`);
    if (!cell) return;
    wanted.current = null;
    cell.querySelector<HTMLElement>("[data-card-link]")?.focus({ preventScroll: true });
    cell.scrollIntoView({ block: "nearest" });
  });

  function focusCard(index: number) {
    wanted.current = index;
    setKeptIndex(index);
  }

  function onKeyDown(event: KeyboardEvent) {
    const index = indexOf(event.target);
    if (index === null || event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
    if (!(event.target as Element).closest("[data-card-link]")) return;
    const video = videos[index];
    const next = neighbour(event.key, index, columns, videos.length);
    if (next !== null) focusCard(next);
    else if (event.key === "Delete" && video) onRemove(video);
    else return;
    event.preventDefault();
  }

  const onFocus = (event: FocusEvent) => setKeptIndex(indexOf(event.target));
  const onBlur = (event: FocusEvent) => {
    // Where the focus is lost to nothing, as with a switch of windows, it comes back to the same card.
    if (event.relatedTarget && !grid.current?.contains(event.relatedTarget)) setKeptIndex(null);
  };
  return { keptIndex, focusCard, handlers: { onKeyDown, onFocus, onBlur } };
}

function indexOf(target: EventTarget): number | null {
  const cell = target instanceof Element ? target.closest<HTMLElement>("[data-index]") : null;
  return cell ? Number(cell.dataset.index) : null;
}
