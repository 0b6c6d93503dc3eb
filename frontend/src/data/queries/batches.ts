import { useMutation } from "@tanstack/react-query";
import { answerOf, api } from "../client";

export type BatchChange = "pause" | "resume" | "cancel" | "retry-failed";

/** `mutate({ batchId, change })`: it takes effect a moment after the response; live updates report when. */
export function useChangeBatch() {
  return useMutation({
    mutationFn: ({ batchId, change }: { batchId: string; change: BatchChange }) =>
      answerOf(api.POST(`/api/batches/{batch_id}/${change}`, { params: { path: { batch_id: batchId } } })),
  });
}
