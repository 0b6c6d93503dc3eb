import { useLayoutEffect, useRef } from "react";
import type { Video } from "../../api/types";
import type { GridLayout } from "./gridLayout";

interface Shown {
  videos: readonly Video[];
  layout: GridLayout;
  /** How far below the top of the page the cards begin, in pixels. */
  top: number;
}

/** The first visible card, and the scroll position at which it was determined. */
interface Anchor {
  youtubeId: string;
  scrollY: number;
}

/**
 * Keeps the first visible card in place when cards above it come or go, or when the layout changes, by scrolling as far
 * as that card moves. At the top of the list it does not, so that new videos come into view there.
 */
export function useScrollAnchor({ videos, layout, top }: Shown): void {
  const before = useRef<Shown>({ videos, layout, top });
  const anchor = useRef<Anchor | null>(null);
  useLayoutEffect(() => {
    const last = before.current;
    const now = { videos, layout, top };
    before.current = now;
    if (!isMeasured(last) || !isMeasured(now) || window.scrollY <= last.top) {
      anchor.current = null;
      return;
    }
    // Until the reader scrolls, the anchor stays: the card may have become the second one of its row.
    if (anchor.current?.scrollY !== window.scrollY) anchor.current = anchorAt(window.scrollY, last);
    const kept = anchor.current && remaining(anchor.current.youtubeId, last.videos, videos);
    if (!kept) return;
    const moved = positionOf(kept, now) - positionOf(kept, last);
    if (moved !== 0) window.scrollBy({ top: moved, behavior: "instant" });
    anchor.current = { youtubeId: kept, scrollY: window.scrollY };
  }, [videos, layout, top]);
}

/** Before the layout is measured, cards have no position. */
function isMeasured({ layout }: Shown): boolean {
  return layout.cardWidth > 0;
}

function anchorAt(scrollY: number, { videos, layout, top }: Shown): Anchor | null {
  const row = Math.floor((scrollY - top) / (layout.cardHeight + layout.gap));
  const video = videos[row * layout.columns];
  return video ? { youtubeId: video.youtube_id, scrollY } : null;
}

/** The card, or the next one after it that was not removed. */
function remaining(youtubeId: string, before: readonly Video[], now: readonly Video[]): string | undefined {
  const left = new Set(now.map((video) => video.youtube_id));
  const from = before.findIndex((video) => video.youtube_id === youtubeId);
  return before.slice(Math.max(from, 0)).find((video) => left.has(video.youtube_id))?.youtube_id;
}

function positionOf(youtubeId: string, { videos, layout, top }: Shown): number {
  const index = videos.findIndex((video) => video.youtube_id === youtubeId);
  return top + Math.floor(index / layout.columns) * (layout.cardHeight + layout.gap);
}
