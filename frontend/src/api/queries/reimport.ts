import { useMutation, useQueryClient } from "@tanstack/react-query";
import { patchVideo } from "../cache";
import { answerOf, api } from "../client";
import { keys } from "../keys";

/** `mutate(videoId)`: fetches captions and chapters of a complete video anew. */
export function useReimportVideo() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (videoId: string) =>
      answerOf(api.POST("/api/videos/{video_id}/reimport", { params: { path: { video_id: videoId } } })),
    onSuccess: (video) => {
      patchVideo(queryClient, video);
      // What was fetched before must not be shown as what comes now.
      for (const queryKey of [keys.transcript(video.id), keys.chapters(video.id)])
        queryClient.removeQueries({ queryKey });
    },
  });
}
