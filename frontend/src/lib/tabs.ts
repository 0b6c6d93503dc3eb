import type { Mutation, QueryClient } from "@tanstack/react-query";
import { loadNewVideos, reloadVideo, removeVideo } from "../api/cache";
import { keys } from "../api/keys";
import { Throttle } from "./throttle";

const CHANNEL = "vidferry";
const PAUSE_MS = 1_000;

/** What one tab tells the others that it has changed, beside lists and subscriptions. */
interface News {
  newIn?: string;
  changed?: string;
  removed?: string;
}

/**
 * Keeps all tabs in step: what one has changed, the others read again, and no more than that: a long list has many pages.
 * Each has a socket of its own, because browsers put hidden tabs to sleep, and one that sleeps could not hand on what it
 * hears. Returns how to stop.
 */
export function keepTabsInStep(queryClient: QueryClient): () => void {
  if (typeof BroadcastChannel === "undefined") return () => {};
  const channel = new BroadcastChannel(CHANNEL);
  const throttle = new Throttle(PAUSE_MS);
  const stopWatching = queryClient.getMutationCache().subscribe((event) => {
    if (event.type !== "updated" || event.action.type !== "success" || event.mutation.meta?.isToldLive) return;
    channel.postMessage(newsOf(event.mutation));
  });
  channel.onmessage = ({ data }: MessageEvent<News>) => follow(queryClient, throttle, data);
  return () => {
    stopWatching();
    channel.close();
  };
}

function newsOf({ meta, state }: Pick<Mutation, "meta" | "state">): News {
  if (meta?.video && typeof state.variables === "string") return { [meta.video]: state.variables };
  return meta?.newIn ? { newIn: meta.newIn } : {};
}

function follow(queryClient: QueryClient, throttle: Throttle, { newIn, changed, removed }: News): void {
  for (const queryKey of [keys.lists, keys.subscriptions]) {
    throttle.ask(queryKey[0], () => queryClient.invalidateQueries({ queryKey }));
  }
  if (removed) removeVideo(queryClient, removed);
  if (changed) throttle.ask(`video ${changed}`, () => reloadVideo(queryClient, changed));
  if (newIn) throttle.ask(`new ${newIn}`, () => loadNewVideos(queryClient, newIn));
}
