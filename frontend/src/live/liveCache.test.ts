import { type QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "../api/keys";
import type { ImportProgress, Video, VideoDetails } from "../api/types";
import type { VideoPages } from "../data/cache";
import { makeQueryClient } from "../data/queryClient";
import type { LiveMessage } from "../state/messages";
import { applyMessages, resetProgress, useProgressStore } from "../state/progress";
import { installApi } from "../test/api";
import { aVideo, aVideoPage, BATCH_ID, LIST_ID, someDetails, VIDEO_ID, videos } from "../test/data";
import { anEvent, aSnapshot, batchComplete, batchProgress } from "../test/live";
import { LiveCache } from "./liveCache";

const NONE = new Map();
let queryClient: QueryClient;
let cache: LiveCache;

beforeEach(() => {
  queryClient = makeQueryClient();
  cache = new LiveCache(queryClient);
});

afterEach(() => {
  vi.useRealTimers();
  resetProgress();
});

function shown(...pages: Video[][]) {
  queryClient.setQueryData<VideoPages>(keys.videos(LIST_ID), {
    pages: pages.map((items) => aVideoPage(items, "next")),
    pageParams: pages.map(() => null),
  });
  const queryFn = () => Promise.reject(new Error("all pages were read again"));
  new QueryObserver(queryClient, { queryKey: keys.videos(LIST_ID), queryFn, staleTime: Infinity }).subscribe(() => {});
}

/** Live messages: into the store first, as in the app. */
function receive(...messages: LiveMessage[]) {
  const before = useProgressStore.getState().batches;
  applyMessages(messages);
  cache.apply(messages, before, useProgressStore.getState().batches);
}

function listed(): Video[] {
  const pages = queryClient.getQueryData<VideoPages>(keys.videos(LIST_ID))?.pages ?? [];
  return pages.flatMap((page) => page.items);
}

function stages(): unknown[] {
  return listed().map((video) => video.import_stage);
}

it("shows what an event says of a video without asking for it", () => {
  const [first, second] = videos(2, { import_stage: "created", import_progress: 0, title: null }) as [Video, Video];
  shown([first, second]);
  const { requests } = installApi({});
  const facts = { title: "A lens", channel: "The Lamp Room", duration_seconds: 754, captions_source: "none" } as const;
  receive(
    anEvent({ video_id: first.id, seq: 1, ...facts }),
    anEvent({ video_id: second.id, seq: 2, waiting_for: "live_now", error_code: "live_now", message: "Live." }),
  );
  expect(listed()).toMatchObject([
    { ...facts, import_stage: "metadata", import_progress: 25, error_code: null, waiting_for: null },
    { import_stage: "metadata", error_code: null, waiting_for: "live_now", waiting_message: "Live." },
  ]);
  receive(anEvent({ video_id: second.id, seq: 3, stage: "error", error_code: "video_private", message: "Private." }));
  expect(listed()[1]).toMatchObject({ error_code: "video_private", error_message: "Private.", waiting_for: null });
  expect(requests).toEqual([]);
});

it("shows what a snapshot says is over, and forgets what came live of it", () => {
  const [first, second] = videos(2, { import_stage: "captions" }) as [Video, Video];
  shown([first, second]);
  const { requests } = installApi({});
  receive(aSnapshot(5, [anEvent({ seq: null, video_id: first.id, stage: "complete", progress: 100 })]));
  expect(stages()).toEqual(["complete", "captions"]);
  expect(useProgressStore.getState().progress.has(first.id)).toBe(false);
  expect(requests).toEqual([]);
});

it("takes nothing back of a video that was loaded as complete, unless it is imported again", () => {
  shown([aVideo()]);
  receive(anEvent({ seq: 3, stage: "captions", progress: 60 }), aSnapshot(4, [anEvent({ seq: null })]));
  expect(stages()).toEqual(["complete"]);
  receive(anEvent({ seq: 5, stage: "created", progress: 0 }));
  expect(stages()).toEqual(["created"]);
});

it("reads everything again where it is not known what was missed, open videos as well", async () => {
  shown(videos(1));
  queryClient.setQueryData(keys.video("a"), someDetails());
  cache.apply([{ type: "missed_some" }], NONE, NONE);
  await expect.poll(() => queryClient.getQueryState(keys.video("a"))?.isInvalidated).toBe(true);
  expect(queryClient.getQueryState(keys.videos(LIST_ID))?.isInvalidated).toBe(true);
});

describe("what another device has done", () => {
  const change = { seq: 7, at: "2026-11-23T09:00:00Z", list_id: LIST_ID };
  const isOutdated = (key: readonly string[]) => queryClient.getQueryState(key)?.isInvalidated;

  it("a deleted video goes", () => {
    const [first, second] = videos(2) as [Video, Video];
    shown([first, second]);
    queryClient.setQueryData(keys.lists, []);
    receive({ ...change, type: "video_deleted", video_id: first.id });
    expect(listed().map(({ id }) => id)).toEqual([second.id]);
    expect(isOutdated(keys.lists)).toBe(true);
  });

  it.each(["list_changed", "list_deleted"] as const)("%s has the lists read again", (type) => {
    queryClient.setQueryData(keys.lists, []);
    receive({ ...change, type });
    expect(isOutdated(keys.lists)).toBe(true);
  });

  it.each(["subscription_changed", "subscription_deleted"] as const)("%s has subscriptions read again", (type) => {
    queryClient.setQueryData(keys.subscriptions, []);
    receive({ ...change, type, subscription_id: VIDEO_ID });
    expect(isOutdated(keys.subscriptions)).toBe(true);
  });

  it("the end of a batch brings what it has added", async () => {
    const [added, known] = videos(2) as [Video, Video];
    shown([known]);
    const { requests } = installApi({ "GET /api/lists/{id}/videos": aVideoPage([added, known]) });
    receive({ ...change, type: "batch_ended", batch_id: BATCH_ID });
    await expect.poll(() => listed().map(({ id }) => id)).toEqual([added.id, known.id]);
    expect(requests).toHaveLength(1);
  });

  it("a new video is read with its list", async () => {
    const [added, known] = videos(2) as [Video, Video];
    shown([known]);
    installApi({ "GET /api/lists/{id}/videos": aVideoPage([added, known]) });
    receive(anEvent({ video_id: added.id, youtube_id: added.youtube_id, stage: "created", progress: 0 }));
    await expect.poll(() => listed().map(({ id }) => id)).toEqual([added.id, known.id]);
  });
});

it("reads a list again when its failed videos are tried again, even if the notice about them was closed", () => {
  shown([aVideo({ import_stage: "error" })]);
  receive(batchComplete({ failed: 1 }));
  receive({ type: "batch_gone", batch_id: BATCH_ID });
  receive(batchProgress({ failed: 0 }));
  expect(queryClient.getQueryState(keys.videos(LIST_ID))?.isInvalidated).toBe(true);
});

describe("what came live of a video that is complete", () => {
  const complete = (known: Partial<ImportProgress> = {}) => anEvent({ stage: "complete", progress: 100, ...known });
  const isKnown = () => useProgressStore.getState().progress.has(VIDEO_ID);

  it.each<[string, Partial<ImportProgress>]>([
    ["its list is not loaded", { list_id: "another" }],
    ["its list is not loaded that far", {}],
  ])("is forgotten where %s", (_name, known) => {
    shown(videos(2));
    receive(complete(known));
    expect(isKnown()).toBe(false);
  });

  it("is kept while its page is not up to date", () => {
    queryClient.setQueryData(keys.video(VIDEO_ID), someDetails({ import_stage: "captions" }));
    receive(complete());
    expect(isKnown()).toBe(true);
  });
});

describe("the page of a video", () => {
  function open(known: Partial<VideoDetails>) {
    const queryFn = vi.fn(async () => someDetails());
    const options = { queryKey: keys.video(VIDEO_ID), queryFn, initialData: someDetails(known), staleTime: Infinity };
    new QueryObserver(queryClient, options).subscribe(() => {});
    return queryFn;
  }

  const over = { stage: "complete", progress: 100 } as const;

  it.each<[string, LiveMessage]>([
    ["an event", anEvent(over)],
    ["a snapshot", aSnapshot(5, [anEvent({ ...over, seq: null })])],
  ])("hears of its import itself, so that %s marks it as out of date only", (_name, message) => {
    const read = open({ import_stage: "captions" });
    receive(message);
    expect(queryClient.getQueryState(keys.video(VIDEO_ID))?.isInvalidated).toBe(true);
    expect(read).not.toHaveBeenCalled();
  });

  it.each(["complete", "error"] as const)("is read again when an import begins anew that was over: %s", (stage) => {
    const read = open({ import_stage: stage });
    receive(anEvent({ stage: "created", progress: 0 }));
    expect(read).toHaveBeenCalledOnce();
  });
});
