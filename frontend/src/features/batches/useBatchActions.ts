import { useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";
import { keys } from "../../api/keys";
import { type BatchChange, useChangeBatch } from "../../data/queries";
import { useText } from "../../i18n";
import type { BatchProgress } from "../../state/messages";
import { applyMessages, type BatchStatus, useProgressStore } from "../../state/progress";
import { errorMessage } from "../../ui/errorMessage";
import { toast } from "../../ui/toasts";

/** What can be imported again after a batch: what failed, or only what was cancelled; null if nothing. */
export function againKey(batch: BatchStatus): "live.batch.retry" | "live.batch.others" | null {
  if (batch.failed > 0) return "live.batch.retry";
  return batch.cancelled > 0 || batch.listing === "cancelled" ? "live.batch.others" : null;
}

const STATE_AFTER = { pause: "paused", resume: "open", cancel: "cancelled" } as const;

/** Pauses, resumes or cancels a batch, or retries its failed videos; shows at once what was accepted. */
export function useBatchActions(): {
  change: (batch: BatchStatus, change: BatchChange) => void;
  isPending: boolean;
} {
  const text = useText();
  const queryClient = useQueryClient();
  const { mutateAsync, isPending } = useChangeBatch();
  const change = useCallback(
    ({ batch_id: batchId, list_id: listId }: BatchStatus, wanted: BatchChange) => {
      const before = statusOf(batchId);
      // Several may be in flight at once, and the component may be gone by then: only the promises report each.
      mutateAsync({ batchId, change: wanted }).then(
        () => {
          const message = accepted(before, statusOf(batchId), wanted);
          if (message) applyMessages([message]);
          if (wanted === "retry-failed") void queryClient.invalidateQueries({ queryKey: keys.videos(listId) });
        },
        (error) => toast({ text: errorMessage(error, text) }),
      );
    },
    [mutateAsync, queryClient, text],
  );
  return { change, isPending };
}

function statusOf(batchId: string): BatchStatus | undefined {
  return useProgressStore.getState().batches.get(batchId);
}

/** The message that live updates will bring in a moment; null where they were faster than the response. */
function accepted(
  before: BatchStatus | undefined,
  now: BatchStatus | undefined,
  change: BatchChange,
): BatchProgress | null {
  if (!before || !now) return null;
  const { isOver, waiting: _waiting, ...figures } = now;
  const message = { ...figures, type: "batch_progress" as const };
  if (change !== "retry-failed") {
    return isOver || now.state !== before.state ? null : { ...message, state: STATE_AFTER[change] };
  }
  // It may have restarted and ended meanwhile.
  if (!isOver || now !== before) return null;
  const queued = now.queued + now.failed + now.cancelled;
  const progress = Math.floor((100 * now.imported) / Math.max(now.total, 1));
  return { ...message, state: "open", queued, failed: 0, cancelled: 0, progress };
}
