import { type QueryClient, QueryObserver } from "@tanstack/react-query";
import { beforeEach, expect, it } from "vitest";
import type { VideoPages } from "../api/cache";
import { keys } from "../api/keys";
import { makeQueryClient } from "../api/queryClient";
import type { Video } from "../api/types";
import { applyMessages, useProgressStore } from "../stores/progress";
import { type ApiRequest, installApi } from "../test/api";
import { aVideoPage, LIST_ID, someDetails, videos } from "../test/data";
import { anEvent, aSnapshot } from "../test/live";
import { LiveCache } from "./liveCache";

const NONE = new Map();
let queryClient: QueryClient;

beforeEach(() => {
  queryClient = makeQueryClient();
});

function shown(...pages: Video[][]) {
  queryClient.setQueryData<VideoPages>(keys.videos(LIST_ID), {
    pages: pages.map((items) => aVideoPage(items, "next")),
    pageParams: pages.map(() => null),
  });
  const queryFn = () => Promise.reject(new Error("all pages were read again"));
  new QueryObserver(queryClient, { queryKey: keys.videos(LIST_ID), queryFn, staleTime: Infinity }).subscribe(() => {});
}

function stages(): unknown[] {
  const pages = queryClient.getQueryData<VideoPages>(keys.videos(LIST_ID))?.pages ?? [];
  return pages.flatMap((page) => page.items.map((video) => video.import_stage));
}

it("reads a video again that a snapshot says is over, and forgets what came live of it", async () => {
  const [first, second] = videos(2, { import_stage: "captions" }) as [Video, Video];
  shown([first, second]);
  const { requests } = installApi({ "GET /api/videos/{id}": someDetails({ ...first, import_stage: "complete" }) });
  const snapshot = aSnapshot(5, [anEvent({ seq: null, video_id: first.id, stage: "complete", progress: 100 })]);
  applyMessages([snapshot]);
  const cache = new LiveCache(queryClient);
  cache.take([snapshot], NONE, NONE);
  await expect.poll(stages).toEqual(["complete", "captions"]);
  await expect.poll(() => useProgressStore.getState().progress.has(first.id)).toBe(false);
  cache.take([snapshot], NONE, NONE);
  expect(requests).toHaveLength(1);
});

it("reads after a short break what is new and what is under way, not every page", async () => {
  const all = videos(200);
  const last = { ...(all[199] as Video), import_stage: "captions" as const };
  shown(all.slice(0, 60), all.slice(60, 120), [...all.slice(120, 199), last]);
  const { requests } = installApi({
    "GET /api/lists/{id}/videos": aVideoPage(all.slice(0, 60), "next"),
    "GET /api/videos/{id}": ({ params }: ApiRequest) => someDetails({ ...last, ...params, import_stage: "complete" }),
  });
  new LiveCache(queryClient).take([{ type: "missed_some", isLittle: true }], NONE, NONE);
  await expect.poll(() => stages().at(-1)).toBe("complete");
  expect(requests.filter(({ path }) => path.endsWith("/videos"))).toHaveLength(1);
  expect(requests.map(({ path }) => path)).toContain(`/api/videos/${last.id}`);
});

it("reads everything again after a long one, open videos as well", async () => {
  shown(videos(1));
  queryClient.setQueryData(keys.video("a"), someDetails());
  new LiveCache(queryClient).take([{ type: "missed_some" }], NONE, NONE);
  await expect.poll(() => queryClient.getQueryState(keys.video("a"))?.isInvalidated).toBe(true);
  expect(queryClient.getQueryState(keys.videos(LIST_ID))?.isInvalidated).toBe(true);
});
