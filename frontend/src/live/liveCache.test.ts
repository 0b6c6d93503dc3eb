import { type QueryClient, QueryObserver } from "@tanstack/react-query";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "../api/keys";
import type { ImportProgress, Video, VideoDetails } from "../api/types";
import type { VideoPages } from "../data/cache";
import { makeQueryClient } from "../data/queryClient";
import type { LiveMessage } from "../state/messages";
import { applyMessages, resetProgress, useProgressStore } from "../state/progress";
import { type ApiRequest, installApi, refuse } from "../test/api";
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
  cache.stop();
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

function stages(): unknown[] {
  const pages = queryClient.getQueryData<VideoPages>(keys.videos(LIST_ID))?.pages ?? [];
  return pages.flatMap((page) => page.items.map((video) => video.import_stage));
}

it("reads a video again that a snapshot says is over, and forgets what came live of it", async () => {
  const [first, second] = videos(2, { import_stage: "captions" }) as [Video, Video];
  shown([first, second]);
  const { requests } = installApi({
    "GET /api/videos/{id}": ({ params }: ApiRequest) => someDetails({ ...params, import_stage: "complete" }),
  });
  const over = (video: Video) => anEvent({ seq: null, video_id: video.id, stage: "complete", progress: 100 });
  receive(aSnapshot(5, [over(first)]));
  await expect.poll(stages).toEqual(["complete", "captions"]);
  await expect.poll(() => useProgressStore.getState().progress.has(first.id)).toBe(false);
  receive(aSnapshot(6, [over(first), over(second)]));
  await expect.poll(stages).toEqual(["complete", "complete"]);
  expect(requests.map(({ path }) => path)).toEqual([`/api/videos/${first.id}`, `/api/videos/${second.id}`]);
});

it("reads after a short break what is new and what is under way, not every page", async () => {
  const all = videos(200);
  const last = { ...(all[199] as Video), import_stage: "captions" as const };
  shown(all.slice(0, 60), all.slice(60, 120), [...all.slice(120, 199), last]);
  const { requests } = installApi({
    "GET /api/lists/{id}/videos": aVideoPage(all.slice(0, 60), "next"),
    "GET /api/videos/{id}": ({ params }: ApiRequest) => someDetails({ ...last, ...params, import_stage: "complete" }),
  });
  cache.apply([{ type: "missed_some", isLittle: true }], NONE, NONE);
  await expect.poll(() => stages().at(-1)).toBe("complete");
  expect(requests.filter(({ path }) => path.endsWith("/videos"))).toHaveLength(1);
  expect(requests.map(({ path }) => path)).toContain(`/api/videos/${last.id}`);
});

it("reads everything again after a long one, open videos as well", async () => {
  shown(videos(1));
  queryClient.setQueryData(keys.video("a"), someDetails());
  cache.apply([{ type: "missed_some" }], NONE, NONE);
  await expect.poll(() => queryClient.getQueryState(keys.video("a"))?.isInvalidated).toBe(true);
  expect(queryClient.getQueryState(keys.videos(LIST_ID))?.isInvalidated).toBe(true);
});

it("reads a video once more after a while where that failed, because nothing else will bring it", async () => {
  vi.useFakeTimers();
  shown([aVideo({ import_stage: "captions" })]);
  let asked = 0;
  installApi({ "GET /api/videos/{id}": () => (++asked < 3 ? refuse(503) : someDetails({ import_stage: "complete" })) });
  receive(anEvent({ stage: "complete", progress: 100 }));
  await vi.waitFor(() => expect(asked).toBe(1));
  await vi.advanceTimersByTimeAsync(60_000);
  await vi.waitFor(() => expect(stages()).toEqual(["complete"]));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(3);
});

it("does not read it any more when the app has ended", async () => {
  vi.useFakeTimers();
  shown([aVideo({ import_stage: "captions" })]);
  const { requests } = installApi({ "GET /api/videos/{id}": () => refuse(503) });
  receive(anEvent({ stage: "complete", progress: 100 }));
  await vi.waitFor(() => expect(requests).toHaveLength(1));
  cache.stop();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(requests).toHaveLength(1);
});

it("reads a video again that begins anew, but none that was just added", async () => {
  const [added, failed] = videos(2, { import_stage: "created" }) as [Video, Video];
  shown([added, { ...failed, import_stage: "error" }]);
  const { requests } = installApi({
    "GET /api/videos/{id}": ({ params }: ApiRequest) => someDetails({ ...failed, ...params }),
  });
  const begun = ({ id, youtube_id }: Video, seq: number) =>
    anEvent({ seq, video_id: id, youtube_id, stage: "created", progress: 0 });
  receive(begun(added, 1), begun(failed, 2));
  await expect.poll(stages).toEqual(["created", "created"]);
  expect(requests.map(({ path }) => path)).toEqual([`/api/videos/${failed.id}`]);
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

  it("is kept while its card or its page is not up to date", async () => {
    shown([aVideo({ import_stage: "captions" })]);
    installApi({ "GET /api/videos/{id}": () => refuse(500) });
    receive(complete());
    expect(isKnown()).toBe(true);
    resetProgress();
    queryClient.clear();
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
