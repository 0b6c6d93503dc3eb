import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { keys } from "../api/keys";
import { type BatchChange, useChangeBatch } from "../api/queries";
import { useText } from "../i18n";
import type { BatchProgress } from "../lib/messages";
import { problemWords } from "../lib/problemWords";
import { applyMessages, type BatchNews } from "../stores/progress";
import { toast } from "../stores/toasts";

/** Pauses, resumes, cancels a batch or tries its failed videos again; shows at once what was accepted. */
export function useBatchActions(): {
  change: (batch: BatchNews, change: BatchChange) => void;
  isPending: boolean;
} {
  const text = useText();
  const queryClient = useQueryClient();
  const { mutate, isPending } = useChangeBatch();
  const change = useCallback(
    (batch: BatchNews, wanted: BatchChange) => {
      mutate(
        { batchId: batch.batch_id, change: wanted },
        {
          onSuccess: () => {
            applyMessages([accepted(batch, wanted)]);
            if (wanted === "retry-failed") {
              void queryClient.invalidateQueries({ queryKey: keys.videos(batch.list_id) });
            }
          },
          onError: (error) => toast({ text: problemWords(error, text) }),
        },
      );
    },
    [mutate, queryClient, text],
  );
  return { change, isPending };
}

/** What live updates will say in a moment. */
function accepted(batch: BatchNews, change: BatchChange): BatchProgress {
  const { isOver: _isOver, waiting: _waiting, ...figures } = batch;
  const told = { ...figures, type: "batch_progress" as const };
  switch (change) {
    case "pause":
      return { ...told, state: "paused" };
    case "resume":
      return { ...told, state: "open" };
    case "cancel":
      return { ...told, state: "cancelled" };
    case "retry-failed": {
      const queued = batch.queued + batch.failed + batch.cancelled;
      const progress = Math.floor((100 * batch.imported) / Math.max(batch.total, 1));
      return { ...told, state: "open", queued, failed: 0, cancelled: 0, progress };
    }
  }
}
