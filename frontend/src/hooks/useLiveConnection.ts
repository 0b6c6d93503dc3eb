import { useQueryClient } from "@tanstack/react-query";
import { useCallback, useEffect, useRef } from "react";
import { keys } from "../api/keys";
import { useConfig } from "../api/queries";
import type { VideoList } from "../api/types";
import { useText } from "../i18n";
import { batchSummary } from "../lib/batchTexts";
import { LiveConnection } from "../lib/connection";
import { useImportProgressFlag } from "../lib/flags";
import { liveApi, newsOfBatch } from "../lib/liveApi";
import { LiveCache } from "../lib/liveCache";
import type { LiveMessage } from "../lib/messages";
import { ResumePoint } from "../lib/resume";
import type { OpenSocket } from "../lib/session";
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
import { useBatchActions } from "./useBatchActions";

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
  const tellEnd = useTellEnd();
  return function take(messages) {
    const before = useProgressStore.getState().batches;
    const ended = applyMessages(messages);
    const after = useProgressStore.getState().batches;
    cache.current ??= new LiveCache(queryClient);
    cache.current.take(messages, before, after);
    ended.forEach(tellEnd);
    for (const message of messages) if (message.type === "caught_up") void askForOthers(message.batchIds, take);
  };
}

/** Of a batch that is shown and that nobody mentions any more, nothing will come: it is over, or gone. */
async function askForOthers(told: readonly string[], take: (messages: LiveMessage[]) => void): Promise<void> {
  const shown = [...useProgressStore.getState().batches.values()].filter((batch) => !batch.isOver);
  for (const { batch_id: batchId } of shown.filter((batch) => !told.includes(batch.batch_id))) {
    const news = await newsOfBatch(batchId);
    if (news) take([news]);
  }
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
      toast({
        text: title ? text("live.summary.of", { title, summary }) : summary,
        ...(batch.failed > 0 && {
          action: { label: text("live.batch.retry"), run: () => change(batch, "retry-failed") },
        }),
      });
      if (batch.failed === 0 && !batch.message) forgetBatch(batch.batch_id);
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
