import { useQueryClient } from "@tanstack/react-query";
import { useEffect } from "react";
import { keys } from "../../api/keys";
import type { VideoList } from "../../api/types";
import { useText } from "../../i18n";
import { forgetBatch, onBatchEnd } from "../../state/progress";
import { toast } from "../../ui/toasts";
import { batchSummary } from "./batchTexts";
import { againKey, useBatchActions } from "./useBatchActions";

/** Shows a toast when a batch ends, and offers to retry what failed. A batch that left nothing to do is forgotten. */
export function useBatchEndToast(): void {
  const text = useText();
  const { change } = useBatchActions();
  const queryClient = useQueryClient();
  useEffect(
    () =>
      onBatchEnd((batch) => {
        const summary = batchSummary(batch, text);
        const lists = queryClient.getQueryData<VideoList[]>(keys.lists);
        const title = batch.title ?? lists?.find((list) => list.id === batch.list_id)?.name;
        const again = againKey(batch);
        toast({
          text: title ? text("live.summary.of", { title, summary }) : summary,
          ...(again && { action: { label: text(again), run: () => change(batch, "retry-failed") } }),
        });
        if (!again && !batch.message) forgetBatch(batch.batch_id);
      }),
    [text, change, queryClient],
  );
}
