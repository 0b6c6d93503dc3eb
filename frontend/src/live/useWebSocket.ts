import { useCallback } from "react";
import { type KnownProgress, useConnection, useProgressStore } from "../state/progress";
import { watch } from "../state/watched";

export type ProgressCallback = (progress: KnownProgress) => void;

/** The state of live updates, and a way to subscribe to one video. `WebSocketProvider` owns the socket. */
export function useWebSocket(): {
  isConnected: boolean;
  subscribe: (videoId: string, callback: ProgressCallback) => () => void;
} {
  const isConnected = useConnection() === "live";
  const subscribe = useCallback(subscribeTo, []);
  return { isConnected, subscribe };
}

/** Calls back with the known progress at once, then with each update. */
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
