import { useEffect, useState } from "react";
import type { Video } from "../../api/types";
import { useText } from "../../i18n";
import { useVideoProgress } from "../../state/progress";

/** Tells screen readers that a video was added and how its import ended; others see its card. */
export function AddedStatus({ video }: { video: Video | null }) {
  const text = useText();
  const end = useEnd(video?.id ?? "");
  return (
    <p role="status" className="visually-hidden">
      {video && text(`adding.added.${end ?? "begun"}`)}
    </p>
  );
}

/** How an import ended, kept until the next one starts: the store forgets complete imports earlier. */
function useEnd(videoId: string): "complete" | "error" | null {
  const [ended, setEnded] = useState<{ videoId: string; stage: "complete" | "error" } | null>(null);
  const known = ended?.videoId === videoId ? ended.stage : null;
  const stage = useVideoProgress(videoId, known === null)?.stage;
  useEffect(() => {
    if (stage === "complete" || stage === "error") setEnded({ videoId, stage });
  }, [videoId, stage]);
  return known;
}
