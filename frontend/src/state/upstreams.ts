import type { Upstream } from "../api/types";

/** Below this, an import needs YouTube next; from here on, transcription. */
const TRANSCRIPTION_FROM_PERCENT = 40;
const CAPTIONS_DONE_PERCENT = 60;

/** The upstream that a running import needs next, see docs/architecture.md; null if none. */
export function upstreamNeededAt(percent: number): Upstream | null {
  if (percent >= CAPTIONS_DONE_PERCENT) return null;
  return percent < TRANSCRIPTION_FROM_PERCENT ? "youtube" : "transcription";
}
