/** Where the player is. Its time changes four times a second: who listens asks for the line or chapter, not the time. */
import { useStore } from "zustand";
import { createStore, type StoreApi } from "zustand/vanilla";

export interface PlaybackState {
  /** Null until something was played. */
  seconds: number | null;
  isPlaying: boolean;
}

export type Playback = StoreApi<PlaybackState>;

/** Anything that begins at a time, in order of these times. */
export interface Timed {
  start_seconds: number;
}

/** Browsers and players round: a seek to 12.34 may be reported as 12.339. */
const ROUNDING_SECONDS = 0.05;

export function createPlayback(): Playback {
  return createStore<PlaybackState>(() => ({ seconds: null, isPlaying: false }));
}

/** Which of `parts` has begun last at `seconds`; -1 before the first. */
export function indexAt(parts: readonly Timed[], seconds: number): number {
  let low = 0;
  let high = parts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((parts[middle]?.start_seconds ?? 0) <= seconds + ROUNDING_SECONDS) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The index of what is being played, -1 while nothing is; renders only when it changes. */
export function useCurrentIndex(playback: Playback, parts: readonly Timed[]): number {
  return useStore(playback, ({ seconds }) => (seconds === null ? -1 : indexAt(parts, seconds)));
}
