import { useMutation, useQueryClient } from "@tanstack/react-query";
import { keys } from "../../api/keys";
import { patchBegun } from "../cache";
import { answerOf, api } from "../client";

/** `mutate(videoId)`: fetches captions and chapters of a complete video again. */
export function useReimportVideo() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (videoId: string) =>
      answerOf(api.POST("/api/videos/{video_id}/reimport", { params: { path: { video_id: videoId } } })),
    onSuccess: (video) => {
      patchBegun(queryClient, video);
      // The previous data stays until the new is there; a page that opens later refetches.
      for (const queryKey of [keys.transcript(video.id), keys.chapters(video.id)])
        void queryClient.invalidateQueries({ queryKey, refetchType: "none" });
    },
  });
}
