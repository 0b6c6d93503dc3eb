import { useLayoutEffect, useRef } from "react";
import type { Video } from "../api/types";
import type { GridLayout } from "../lib/gridLayout";

interface Shown {
  videos: readonly Video[];
  layout: GridLayout;
  /** How far below the top of the page the cards begin, in pixels. */
  top: number;
}

/** The first card that the reader sees, and where the page stood when that was found out. */
interface Anchor {
  youtubeId: string;
  scrollY: number;
}

/**
 * Leaves the reader where he is when cards come or go above, or when they are laid out anew: the page is scrolled as far
 * as the first visible card moves. At the top of the list it is not, so that what is new comes into view there.
 */
export function useKeptPlace({ videos, layout, top }: Shown): void {
  const before = useRef<Shown>({ videos, layout, top });
  const anchor = useRef<Anchor | null>(null);
  useLayoutEffect(() => {
    const last = before.current;
    const now = { videos, layout, top };
    before.current = now;
    if (!isPlaced(last) || !isPlaced(now) || window.scrollY <= last.top) {
      anchor.current = null;
      return;
    }
    // As long as the reader stays, so does his card: it may have become the second one of its row.
    if (anchor.current?.scrollY !== window.scrollY) anchor.current = anchorAt(window.scrollY, last);
    const kept = anchor.current && stillThere(anchor.current.youtubeId, last.videos, videos);
    if (!kept) return;
    const moved = placeOf(kept, now) - placeOf(kept, last);
    if (moved !== 0) window.scrollBy({ top: moved, behavior: "instant" });
    anchor.current = { youtubeId: kept, scrollY: window.scrollY };
  }, [videos, layout, top]);
}

/** Before it was measured, nothing has a place. */
function isPlaced({ layout }: Shown): boolean {
  return layout.cardWidth > 0;
}

function anchorAt(scrollY: number, { videos, layout, top }: Shown): Anchor | null {
  const row = Math.floor((scrollY - top) / (layout.cardHeight + layout.gap));
  const video = videos[row * layout.columns];
  return video ? { youtubeId: video.youtube_id, scrollY } : null;
}

/** The card, or the next one after it that was not taken away. */
function stillThere(youtubeId: string, before: readonly Video[], now: readonly Video[]): string | undefined {
  const left = new Set(now.map((video) => video.youtube_id));
  const from = before.findIndex((video) => video.youtube_id === youtubeId);
  return before.slice(Math.max(from, 0)).find((video) => left.has(video.youtube_id))?.youtube_id;
}

function placeOf(youtubeId: string, { videos, layout, top }: Shown): number {
  const index = videos.findIndex((video) => video.youtube_id === youtubeId);
  return top + Math.floor(index / layout.columns) * (layout.cardHeight + layout.gap);
}
