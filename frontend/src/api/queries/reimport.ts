import { useMutation, useQueryClient } from "@tanstack/react-query";
import { patchBegun } from "../cache";
import { answerOf, api } from "../client";
import { keys } from "../keys";

/** `mutate(videoId)`: fetches captions and chapters of a complete video anew. */
export function useReimportVideo() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (videoId: string) =>
      answerOf(api.POST("/api/videos/{video_id}/reimport", { params: { path: { video_id: videoId } } })),
    onSuccess: (video) => {
      patchBegun(queryClient, video);
      // Until what comes now is there, what was fetched before is shown; whoever opens the page later asks again.
      for (const queryKey of [keys.transcript(video.id), keys.chapters(video.id)])
        void queryClient.invalidateQueries({ queryKey, refetchType: "none" });
    },
    meta: { video: "changed" },
  });
}
