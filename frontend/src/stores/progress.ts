import { useEffect } from "react";
import { create } from "zustand";
import { useShallow } from "zustand/react/shallow";
import type { Upstream } from "../api/types";
import type { LiveMessage, UpstreamPaused } from "../lib/messages";
import { watch } from "../lib/watched";
import { afterMessages, type BatchNews, type KnownProgress, type LiveState } from "./progressRules";

export type { BatchNews, KnownProgress } from "./progressRules";

/** `polling`: news come, but by asking. `connecting`: none come at the moment. `off`: nobody wants any. */
export type ConnectionState = "off" | "connecting" | "live" | "polling";

interface ProgressStore extends LiveState {
  connection: ConnectionState;
}

const NOTHING: ProgressStore = { progress: new Map(), batches: new Map(), pauses: {}, connection: "off" };

/** Everything that came live. Components use the hooks below, so that each renders for its own news only. */
export const useProgressStore = create<ProgressStore>(() => NOTHING);

/** Take a frame's messages, all at once. Returns the batches that are over since. */
export function applyMessages(messages: readonly LiveMessage[]): BatchNews[] {
  const before = useProgressStore.getState();
  const after = afterMessages(before, messages);
  useProgressStore.setState(after);
  if (after.batches === before.batches) return [];
  return [...after.batches.values()].filter((batch) => batch.isOver && !before.batches.get(batch.batch_id)?.isOver);
}

export function setConnection(connection: ConnectionState): void {
  useProgressStore.setState({ connection });
}

/** What is loaded says the same by now. A failure stays: late sub-progress would look like another attempt. */
export function forgetComplete(...videoIds: string[]): void {
  const { progress } = useProgressStore.getState();
  forget(videoIds.filter((videoId) => progress.get(videoId)?.stage === "complete"));
}

/** Whatever was known of this import is out of date: the video is gone, or tried again. */
export function forgetProgress(videoId: string): void {
  if (useProgressStore.getState().progress.has(videoId)) forget([videoId]);
}

function forget(videoIds: readonly string[]): void {
  if (videoIds.length === 0) return;
  const left = new Map(useProgressStore.getState().progress);
  for (const videoId of videoIds) left.delete(videoId);
  useProgressStore.setState({ progress: left });
}

/** The banner of a batch that is over is closed. */
export function forgetBatch(batchId: string): void {
  applyMessages([{ type: "batch_gone", batch_id: batchId }]);
}

/** Nothing came live. */
export function resetProgress(): void {
  useProgressStore.setState(NOTHING, true);
}

/** A video's newest progress; undefined if none came. `isWatched`: ask for it where none came, as for any video whose
 * import is under way by what the server said before. */
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

/** The batches that were told, of one list or all, oldest first: under way, or over and not closed yet. */
export function useBatchNews(listId?: string): BatchNews[] {
  return useProgressStore(
    useShallow((state) => [...state.batches.values()].filter((batch) => !listId || batch.list_id === listId)),
  );
}

export function useConnection(): ConnectionState {
  return useProgressStore((state) => state.connection);
}
