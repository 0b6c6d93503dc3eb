import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { keys } from "../api/keys";

/**
 * What was read while an import was under way is read again once that is over, wherever the reader is by then; until
 * it is there, what was read before stays. Belongs after the queries that it concerns: where the page is left, nobody
 * listens to them any more, and they are read when somebody does.
 */
export function useReadAgain(videoId: string, isUnderWay: boolean): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    if (!isUnderWay) return;
    return () => {
      for (const queryKey of [keys.transcript(videoId), keys.chapters(videoId)])
        void queryClient.invalidateQueries({ queryKey });
    };
  }, [queryClient, videoId, isUnderWay]);
}
