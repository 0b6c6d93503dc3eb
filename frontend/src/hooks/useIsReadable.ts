import { useState } from "react";
import type { VideoDetails } from "../api/types";
import { isUnderWay } from "../lib/cardState";
import { useHasLines } from "./useCaptions";

/**
 * Whether there is something to read of a video: it is complete, or its import began anew and what the one before
 * brought is still there. What was shown once stays. Null: not known yet.
 */
export function useIsReadable(video: VideoDetails): boolean | null {
  const isComplete = !isUnderWay(video) && video.import_stage !== "error";
  // Nothing was ever brought of a video without a title. What an import brings while it is watched needs no asking.
  const [mayHaveLines] = useState(!isComplete && video.title !== null);
  const hasLines = useHasLines(video.id, mayHaveLines);
  const [wasReadable, setWasReadable] = useState(false);
  const isReadable = isComplete || wasReadable || hasLines;
  if (isReadable && !wasReadable) setWasReadable(true);
  return isReadable;
}
