import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { answerOf, api } from "../client";
import { keys } from "../keys";

export type BatchChange = "pause" | "resume" | "cancel" | "retry-failed";

const NEWEST_BATCHES = 50;

/** The newest imports of many videos. */
export function useBatches() {
  return useQuery({
    queryKey: keys.batches,
    queryFn: async ({ signal }) =>
      (await answerOf(api.GET("/api/batches", { params: { query: { limit: NEWEST_BATCHES } }, signal }))).items,
  });
}

export function useBatch(batchId: string) {
  return useQuery({
    queryKey: keys.batch(batchId),
    queryFn: ({ signal }) =>
      answerOf(api.GET("/api/batches/{batch_id}", { params: { path: { batch_id: batchId } }, signal })),
  });
}

/** `mutate({ batchId, change })`: it is done a moment after the answer; live updates tell when. */
export function useChangeBatch() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: ({ batchId, change }: { batchId: string; change: BatchChange }) =>
      answerOf(api.POST(`/api/batches/{batch_id}/${change}`, { params: { path: { batch_id: batchId } } })),
    onSuccess: () => queryClient.invalidateQueries({ queryKey: keys.batches }),
  });
}
