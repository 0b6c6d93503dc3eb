import { useState } from "react";
import type { VideoDetails } from "../../api/types";
import { isUnderWay } from "../../state/progressRules";
import { useHasLines } from "./useCaptions";

/**
 * Whether a video has something to read: it is complete, or it is imported again and the previous captions are still
 * there. Once true, it stays true. Null: not known yet.
 */
export function useIsReadable(video: VideoDetails): boolean | null {
  const isComplete = !isUnderWay(video) && video.import_stage !== "error";
  // A video without a title has never had captions. Captions that arrive while the page is open need no request.
  const [mayHaveLines] = useState(!isComplete && video.title !== null);
  const hasLines = useHasLines(video.id, mayHaveLines);
  const [wasReadable, setWasReadable] = useState(false);
  const isReadable = isComplete || wasReadable || hasLines;
  if (isReadable && !wasReadable) setWasReadable(true);
  return isReadable;
}
