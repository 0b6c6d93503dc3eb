import type { QueryClient, QueryKey } from "@tanstack/react-query";
import { keys } from "../api/keys";
import { Throttle } from "./throttle";

const CHANNEL = "vidferry";
const CHANGED = "changed";
const PAUSE_MS = 1_000;

/**
 * Keeps all tabs in step: what one has changed, the others read again. Each has a socket of its own, because browsers
 * put hidden tabs to sleep, and one that sleeps could not hand on what it hears. Returns how to stop.
 */
export function keepTabsInStep(queryClient: QueryClient): () => void {
  if (typeof BroadcastChannel === "undefined") return () => {};
  const channel = new BroadcastChannel(CHANNEL);
  const throttle = new Throttle(PAUSE_MS);
  const stopWatching = queryClient.getMutationCache().subscribe((event) => {
    if (event.type === "updated" && event.action.type === "success") channel.postMessage(CHANGED);
  });
  channel.onmessage = (event) => {
    if (event.data === CHANGED) throttle.ask(CHANGED, () => reloadShown(queryClient));
  };
  return () => {
    stopWatching();
    channel.close();
  };
}

/** What changes by itself is told by each tab's own socket. Captions are long, and change with an import only. */
function reloadShown(queryClient: QueryClient): Promise<void> {
  return queryClient.invalidateQueries({ predicate: ({ queryKey }) => isChangeable(queryKey) });
}

function isChangeable(queryKey: QueryKey): boolean {
  const [name, ...place] = queryKey;
  if (name === keys.allDetails[0]) return place.length === 1;
  return [keys.lists, keys.allVideos, keys.subscriptions].some((key) => key[0] === name);
}
