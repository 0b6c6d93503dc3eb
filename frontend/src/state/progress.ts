import { useEffect } from "react";
import { create } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { Upstream } from "../api/types";
import { rememberDismissed } from "./dismissed";
import type { LiveMessage, UpstreamPaused } from "./messages";
import { afterMessages, type BatchStatus, type KnownProgress, type LiveState } from "./progressRules";
import { watch } from "./watched";

export type { BatchStatus, KnownProgress } from "./progressRules";

/** `polling`: updates are polled for. `connecting`: none arrive at the moment. `off`: live updates are disabled. */
export type ConnectionState = "off" | "connecting" | "live" | "polling";

interface ProgressStore extends LiveState {
  connection: ConnectionState;
}

const NOTHING: ProgressStore = { progress: new Map(), batches: new Map(), pauses: {}, connection: "off" };

/** Everything received live. Components use the hooks below, so that each renders for its own updates only. */
export const useProgressStore = create<ProgressStore>(() => NOTHING);

/** Applies a frame's messages, all at once. Returns the state they lead to. */
export function applyMessages(messages: readonly LiveMessage[]): LiveState {
  const after = afterMessages(useProgressStore.getState(), messages);
  useProgressStore.setState(after);
  return after;
}

/** Calls `listener` with each batch that ends. Returns how to stop. */
export function onBatchEnd(listener: (batch: BatchStatus) => void): () => void {
  return useProgressStore.subscribe(({ batches }, before) => {
    if (batches === before.batches) return;
    for (const batch of batches.values()) {
      const isNews = batch.isOver && !batch.endedBefore;
      if (isNews && !before.batches.get(batch.batch_id)?.isOver) listener(batch);
    }
  });
}

export function setConnection(connection: ConnectionState): void {
  useProgressStore.setState({ connection });
}

/** The query cache says the same by now. A failure stays: late sub-progress would look like another attempt. */
export function forgetComplete(...videoIds: string[]): void {
  const { progress } = useProgressStore.getState();
  forget(videoIds.filter((videoId) => progress.get(videoId)?.stage === "complete"));
}

/** What was known of this import is out of date: the video was deleted, or is retried. */
export function forgetProgress(videoId: string): void {
  if (useProgressStore.getState().progress.has(videoId)) forget([videoId]);
}

function forget(videoIds: readonly string[]): void {
  if (videoIds.length === 0) return;
  const left = new Map(useProgressStore.getState().progress);
  for (const videoId of videoIds) left.delete(videoId);
  useProgressStore.setState({ progress: left });
}

/** The banner of a batch that is over is closed, here and after a reload. */
export function forgetBatch(batchId: string): void {
  rememberDismissed(batchId);
  applyMessages([{ type: "batch_gone", batch_id: batchId }]);
}

/** Back to the initial state. */
export function resetProgress(): void {
  useProgressStore.setState(NOTHING, true);
}

/** A video's latest progress; undefined if none was received. `isWatched`: request it, because its import is running by
 * what the server said before. */
export function useVideoProgress(videoId: string, isWatched = true): KnownProgress | undefined {
  useEffect(() => (isWatched ? watch(videoId) : undefined), [videoId, isWatched]);
  return useProgressStore((state) => state.progress.get(videoId));
}

export function usePause(upstream: Upstream): UpstreamPaused | undefined {
  return useProgressStore((state) => state.pauses[upstream]);
}

export function usePauses(): LiveState["pauses"] {
  return useProgressStore(useShallow((state) => state.pauses));
}

/** The known batches of one list or all, oldest first: running, or over and not dismissed yet. */
export function useBatchStatuses(listId?: string): BatchStatus[] {
  return useProgressStore(
    useShallow((state) => [...state.batches.values()].filter((batch) => !listId || batch.list_id === listId)),
  );
}

export function useConnection(): ConnectionState {
  return useProgressStore((state) => state.connection);
}
