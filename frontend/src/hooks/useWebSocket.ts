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

function subscribeTo(videoId: string, callback: ProgressCallback): () => void {
  const unwatch = watch(videoId);
  const unsubscribe = useProgressStore.subscribe((state, before) => {
    const progress = state.progress.get(videoId);
    if (progress && progress !== before.progress.get(videoId)) callback(progress);
  });
  return () => {
    unsubscribe();
    unwatch();
  };
}
