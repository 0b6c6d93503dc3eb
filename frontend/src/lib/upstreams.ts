import type { Upstream } from "../api/types";

/** Below this, what an import needs next comes from YouTube; from here on, from speech recognition. */
const SPEECH_FROM_PERCENT = 40;
const CAPTIONS_DONE_PERCENT = 60;

/** Which upstream an import under way needs next, as docs/architecture.md has it; null: nobody outside. */
export function upstreamNeededAt(percent: number): Upstream | null {
  if (percent >= CAPTIONS_DONE_PERCENT) return null;
  return percent < SPEECH_FROM_PERCENT ? "youtube" : "transcription";
}
