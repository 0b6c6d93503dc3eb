import { useCallback } from "react";
import { watch } from "../lib/watched";
import { type KnownProgress, useConnection, useProgressStore } from "../stores/progress";

export type ProgressCallback = (progress: KnownProgress) => void;

/** Whether news come live, and a way to hear of one video's. The socket itself is the `WebSocketProvider`'s. */
export function useWebSocket(): {
  isConnected: boolean;
  subscribe: (videoId: string, callback: ProgressCallback) => () => void;
} {
  const isConnected = useConnection() === "live";
  const subscribe = useCallback(subscribeTo, []);
  return { isConnected, subscribe };
}

/** What is known is told at once, what comes afterwards when it comes. */
function subscribeTo(videoId: string, callback: ProgressCallback): () => void {
  const unwatch = watch(videoId);
  const known = useProgressStore.getState().progress.get(videoId);
  if (known) callback(known);
  const unsubscribe = useProgressStore.subscribe((state, before) => {
    const progress = state.progress.get(videoId);
    if (progress && progress !== before.progress.get(videoId)) callback(progress);
  });
  return () => {
    unsubscribe();
    unwatch();
  };
}
