import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef } from "react";
import { useConfig } from "../data/queries";
import type { LiveMessage } from "../state/messages";
import { useLanguage } from "../state/preferences";
import { applyMessages, setConnection, useProgressStore } from "../state/progress";
import { isClosed } from "../state/progressRules";
import { onWatch } from "../state/watched";
import { LiveConnection } from "./connection";
import { EndedBatches } from "./endedBatches";
import { fetchEndedBatches, liveApi } from "./liveApi";
import { LiveCache } from "./liveCache";
import { ResumePoint } from "./resume";
import type { OpenSocket } from "./session";

/** Receives live updates while the app is mounted. */
export function useLiveConnection(openSocket?: OpenSocket): void {
  const { data: config } = useConfig();
  const language = useLanguage();
  const resume = useRef(new ResumePoint());
  const handle = useLatest(useMessageHandler());
  const url = config?.websocket_url;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the API answers in the language of the request.
  useEffect(() => {
    // Where this fails, live updates still tell of every batch that ends from now on.
    fetchEndedBatches().then(
      (batches) => handle.current([{ type: "ended_before", batches }]),
      () => {},
    );
  }, [handle, language]);
  useEffect(() => {
    if (!url) return;
    const connection = new LiveConnection({
      url: withLanguage(url, language),
      api: liveApi,
      onMessages: (messages) => handle.current(messages),
      onState: setConnection,
      isBatchShown: (batchId) => useProgressStore.getState().batches.get(batchId)?.isOver === false,
      isClosed: isClosedLive,
      resume: resume.current,
      ...(openSocket && { openSocket }),
    });
    connection.start();
    const stopWatching = onWatch(connection.watch);
    const stopWaking = onWake(connection.wake);
    return () => {
      stopWatching();
      stopWaking();
      connection.stop();
    };
  }, [url, language, openSocket, handle]);
}

function isClosedLive(videoId: string): boolean {
  const progress = useProgressStore.getState().progress.get(videoId);
  return progress !== undefined && isClosed(progress);
}

/** Returns what handles messages: it updates the store, and from there what was loaded. */
function useMessageHandler(): (messages: readonly LiveMessage[]) => void {
  const queryClient = useQueryClient();
  const cache = useRef<LiveCache>(null);
  const endedBatches = useRef(new EndedBatches());
  useEffect(
    () => () => {
      endedBatches.current.stop();
      endedBatches.current = new EndedBatches();
      cache.current = null;
    },
    [],
  );
  return function handle(messages) {
    const before = useProgressStore.getState().batches;
    const after = applyMessages(messages).batches;
    cache.current ??= new LiveCache(queryClient);
    cache.current.apply(messages, before, after);
    for (const message of messages) {
      if (message.type === "batch_ended" && message.batch_id) void endedBatches.current.read(message.batch_id, handle);
    }
  };
}

function useLatest<T>(value: T): { readonly current: T } {
  const latest = useRef(value);
  useEffect(() => {
    latest.current = value;
  });
  return latest;
}

function withLanguage(url: string, language: string): string {
  const address = new URL(url, globalThis.location.href);
  address.searchParams.set("lang", language);
  return address.href;
}

function onWake(wake: () => void): () => void {
  const onVisible = () => {
    if (!document.hidden) wake();
  };
  window.addEventListener("online", wake);
  document.addEventListener("visibilitychange", onVisible);
  return () => {
    window.removeEventListener("online", wake);
    document.removeEventListener("visibilitychange", onVisible);
  };
}
