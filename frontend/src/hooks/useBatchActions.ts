import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { keys } from "../api/keys";
import { type BatchChange, useChangeBatch } from "../api/queries";
import { useText } from "../i18n";
import type { BatchProgress } from "../lib/messages";
import { problemWords } from "../lib/problemWords";
import { applyMessages, type BatchNews, useProgressStore } from "../stores/progress";
import { toast } from "../stores/toasts";

/** What is left of a batch that is over: what failed, or only what was cancelled; null where there is nothing. */
export function againKey(batch: BatchNews): "live.batch.retry" | "live.batch.others" | null {
  if (batch.failed > 0) return "live.batch.retry";
  return batch.cancelled > 0 || batch.listing === "cancelled" ? "live.batch.others" : null;
}

const STATE_AFTER = { pause: "paused", resume: "open", cancel: "cancelled" } as const;

/** Pauses, resumes, cancels a batch or tries its failed videos again; shows at once what was accepted. */
export function useBatchActions(): {
  change: (batch: BatchNews, change: BatchChange) => void;
  isPending: boolean;
} {
  const text = useText();
  const queryClient = useQueryClient();
  const { mutateAsync, isPending } = useChangeBatch();
  const change = useCallback(
    ({ batch_id: batchId, list_id: listId }: BatchNews, wanted: BatchChange) => {
      const before = newsOf(batchId);
      // Several may be on their way at once, and whoever asked may be gone by then: only the promises tell of each.
      mutateAsync({ batchId, change: wanted }).then(
        () => {
          const told = accepted(before, newsOf(batchId), wanted);
          if (told) applyMessages([told]);
          if (wanted === "retry-failed") void queryClient.invalidateQueries({ queryKey: keys.videos(listId) });
        },
        (error) => toast({ text: problemWords(error, text) }),
      );
    },
    [mutateAsync, queryClient, text],
  );
  return { change, isPending };
}

function newsOf(batchId: string): BatchNews | undefined {
  return useProgressStore.getState().batches.get(batchId);
}

/** What live updates will say in a moment; null where they were faster than the answer. */
function accepted(
  before: BatchNews | undefined,
  now: BatchNews | undefined,
  change: BatchChange,
): BatchProgress | null {
  if (!before || !now) return null;
  const { isOver, waiting: _waiting, ...figures } = now;
  const told = { ...figures, type: "batch_progress" as const };
  if (change !== "retry-failed") {
    return isOver || now.state !== before.state ? null : { ...told, state: STATE_AFTER[change] };
  }
  // It may have begun and ended once more meanwhile.
  if (!isOver || now !== before) return null;
  const queued = now.queued + now.failed + now.cancelled;
  const progress = Math.floor((100 * now.imported) / Math.max(now.total, 1));
  return { ...told, state: "open", queued, failed: 0, cancelled: 0, progress };
}
