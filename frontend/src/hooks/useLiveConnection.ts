import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { keys } from "../api/keys";
import { useConfig } from "../api/queries";
import type { VideoList } from "../api/types";
import { useText } from "../i18n";
import { batchSummary } from "../lib/batchTexts";
import { LiveConnection } from "../lib/connection";
import { useImportProgressFlag } from "../lib/flags";
import { liveApi } from "../lib/liveApi";
import { LiveCache } from "../lib/liveCache";
import type { LiveMessage } from "../lib/messages";
import { ResumePoint } from "../lib/resume";
import type { OpenSocket } from "../lib/session";
import { UntoldBatches } from "../lib/untoldBatches";
import { onWatch } from "../lib/watched";
import { useLanguage } from "../stores/preferences";
import {
  applyMessages,
  type BatchNews,
  forgetBatch,
  resetProgress,
  setConnection,
  useProgressStore,
} from "../stores/progress";
import { isClosed } from "../stores/progressRules";
import { toast } from "../stores/toasts";
import { againKey, useBatchActions } from "./useBatchActions";

/** Keeps live updates coming while the app is there, unless imports are not to be shown while they run. */
export function useLiveConnection(openSocket?: OpenSocket): void {
  const isOn = useImportProgressFlag();
  const { data: config } = useConfig();
  const language = useLanguage();
  const resume = useRef(new ResumePoint());
  const take = useLatest(useTake());
  const url = config?.websocket_url;
  useEffect(() => {
    if (!isOn || !url) {
      resetProgress(); // Nothing would ever move it on.
      return;
    }
    const connection = new LiveConnection({
      url: withLanguage(url, language),
      api: liveApi,
      onMessages: (messages) => take.current(messages),
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
  }, [isOn, url, language, openSocket, take]);
}

function isClosedLive(videoId: string): boolean {
  const progress = useProgressStore.getState().progress.get(videoId);
  return progress !== undefined && isClosed(progress);
}

/** What is done with news: into the store, from there into what was loaded, and a word where a batch has ended. */
function useTake(): (messages: readonly LiveMessage[]) => void {
  const queryClient = useQueryClient();
  const cache = useRef<LiveCache>(null);
  const untold = useRef(new UntoldBatches());
  const tellEnd = useTellEnd();
  useEffect(
    () => () => {
      cache.current?.stop();
      untold.current.stop();
      cache.current = null;
    },
    [],
  );
  return function take(messages) {
    const before = useProgressStore.getState().batches;
    const ended = applyMessages(messages);
    const after = useProgressStore.getState().batches;
    cache.current ??= new LiveCache(queryClient);
    cache.current.take(messages, before, after);
    ended.forEach(tellEnd);
    for (const message of messages) if (message.type === "caught_up") untold.current.ask(message.batchIds, take);
  };
}

function useTellEnd(): (batch: BatchNews) => void {
  const text = useText();
  const { change } = useBatchActions();
  const queryClient = useQueryClient();
  return useCallback(
    (batch) => {
      const summary = batchSummary(batch, text);
      const lists = queryClient.getQueryData<VideoList[]>(keys.lists);
      const title = batch.title ?? lists?.find((list) => list.id === batch.list_id)?.name;
      const again = againKey(batch);
      toast({
        text: title ? text("live.summary.of", { title, summary }) : summary,
        ...(again && { action: { label: text(again), run: () => change(batch, "retry-failed") } }),
      });
      if (!again && !batch.message) forgetBatch(batch.batch_id);
    },
    [text, change, queryClient],
  );
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
