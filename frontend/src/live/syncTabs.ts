import type { Mutation, QueryClient } from "@tanstack/react-query";
import { keys } from "../api/keys";
import { loadNewVideos, reloadVideo, removeVideo } from "../data/cache";
import { Throttle } from "./throttle";

const CHANNEL = "vidferry";
const PAUSE_MS = 1_000;

/** What one tab has changed besides lists and subscriptions. */
interface TabMessage {
  newIn?: string;
  changed?: string;
  removed?: string;
}

/**
 * Keeps all tabs in sync: what one tab changes, the others refetch, and nothing else, because a long list has many pages.
 * Each tab has a socket of its own: browsers suspend hidden tabs, which could not forward messages. Returns a function
 * that stops it.
 */
export function syncTabs(queryClient: QueryClient): () => void {
  if (typeof BroadcastChannel === "undefined") return () => {};
  const channel = new BroadcastChannel(CHANNEL);
  const throttle = new Throttle(PAUSE_MS);
  const stopWatching = queryClient.getMutationCache().subscribe((event) => {
    if (event.type !== "updated" || event.action.type !== "success" || event.mutation.meta?.hasLiveEvents) return;
    channel.postMessage(messageOf(event.mutation));
  });
  channel.onmessage = ({ data }: MessageEvent<TabMessage>) => applyChanges(queryClient, throttle, data);
  return () => {
    stopWatching();
    channel.close();
  };
}

function messageOf({ meta, state }: Pick<Mutation, "meta" | "state">): TabMessage {
  if (meta?.video && typeof state.variables === "string") return { [meta.video]: state.variables };
  return meta?.newIn ? { newIn: meta.newIn } : {};
}

function applyChanges(queryClient: QueryClient, throttle: Throttle, { newIn, changed, removed }: TabMessage): void {
  for (const queryKey of [keys.lists, keys.subscriptions]) {
    throttle.ask(queryKey[0], () => queryClient.invalidateQueries({ queryKey }));
  }
  if (removed) removeVideo(queryClient, removed);
  if (changed) throttle.ask(`video ${changed}`, () => reloadVideo(queryClient, changed));
  if (newIn) throttle.ask(`new ${newIn}`, () => loadNewVideos(queryClient, newIn));
}
