import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { keys } from "../../api/keys";

/**
 * Refetches transcript and chapters when an import ends; the previous ones stay until then. Has to be called after the
 * queries that it concerns: if the page is left, they are unmounted first and refetch when they are used again.
 */
export function useRefetchAfterImport(videoId: string, isUnderWay: boolean): void {
  const queryClient = useQueryClient();
  useEffect(() => {
    if (!isUnderWay) return;
    return () => {
      for (const queryKey of [keys.transcript(videoId), keys.chapters(videoId)])
        void queryClient.invalidateQueries({ queryKey });
    };
  }, [queryClient, videoId, isUnderWay]);
}
