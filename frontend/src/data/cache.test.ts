import type { QueryClient } from "@tanstack/react-query";
import { beforeEach, describe, expect, it } from "vitest";
import { keys } from "../api/keys";
import type { Video, VideoDetails, VideoPage } from "../api/types";
import { applyMessages, resetProgress, useProgressStore } from "../state/progress";
import { installApi } from "../test/api";
import { aVideo, aVideoPage, LIST_ID, someDetails, VIDEO_ID, videos } from "../test/data";
import { anEvent } from "../test/live";
import { addVideos, loadNewVideos, patchVideo, patchVideos, reloadVideo, removeVideo, type VideoPages } from "./cache";
import { makeQueryClient } from "./queryClient";

let queryClient: QueryClient;
const PATH = "GET /api/lists/{id}/videos";

beforeEach(() => {
  resetProgress();
  queryClient = makeQueryClient();
});

function show(...pages: Video[][]) {
  queryClient.setQueryData<VideoPages>(keys.videos(LIST_ID), {
    pages: pages.map((items, index) => aVideoPage(items, index < pages.length - 1 ? `cursor${index}` : null)),
    pageParams: pages.map((_, index) => (index === 0 ? null : `cursor${index - 1}`)),
  });
}

function shown(): VideoPages {
  return queryClient.getQueryData<VideoPages>(keys.videos(LIST_ID)) as VideoPages;
}

function titles(): (string | null)[] {
  return shown().pages.flatMap((page) => page.items.map((video) => video.title));
}

describe("patchVideo", () => {
  it("changes the list and the details, and leaves other pages as they are", () => {
    const [first, second] = videos(2);
    show([first as Video], [second as Video]);
    const before = shown();
    queryClient.setQueryData(keys.video(second?.id ?? ""), someDetails({ ...second, view_count: 7 }));
    patchVideo(queryClient, { ...(second as Video), title: "New" });
    expect(titles()).toEqual(["Video 0", "New"]);
    expect(shown().pages[0]).toBe(before.pages[0]);
    expect(queryClient.getQueryData(keys.video(second?.id ?? ""))).toMatchObject({ title: "New", view_count: 7 });
  });

  it("adds nothing that is not shown", () => {
    patchVideos(queryClient, [aVideo()]);
    expect(queryClient.getQueryData(keys.videos(LIST_ID))).toBeUndefined();
    expect(queryClient.getQueryData(keys.video(VIDEO_ID))).toBeUndefined();
  });
});

describe("addVideos", () => {
  it("puts new ones on top and patches the known", () => {
    const [first, second, third] = videos(3) as [Video, Video, Video];
    show([second], [third]);
    addVideos(queryClient, LIST_ID, [first, { ...third, title: "Changed" }]);
    expect(titles()).toEqual(["Video 0", "Video 1", "Changed"]);
  });

  it("keeps the API's order: what was added at the same moment may belong below", () => {
    const at = (fraction: string) => `2026-11-23T08:01:00${fraction}Z`;
    const [first, second, third] = videos(3) as [Video, Video, Video];
    show([{ ...first, created_at: at(".00002") }], [{ ...third, created_at: at("") }]);
    addVideos(queryClient, LIST_ID, [{ ...second, created_at: at(".000011") }]);
    expect(titles()).toEqual(["Video 0", "Video 1", "Video 2"]);
  });

  it("makes pages as long as the API's, of which the last one goes on where it did", () => {
    const all = videos(132);
    const last = aVideoPage(all.slice(130), "more");
    queryClient.setQueryData<VideoPages>(keys.videos(LIST_ID), { pages: [last], pageParams: [null] });
    addVideos(queryClient, LIST_ID, all.slice(129, 130));
    addVideos(queryClient, LIST_ID, all.slice(0, 129));
    expect(titles()).toEqual(all.map((video) => video.title));
    expect(shown().pages.map(({ items, next_cursor }) => [items.length, next_cursor])).toEqual([
      [12, null],
      [60, null],
      [60, "more"],
    ]);
    expect(shown().pageParams).toEqual([null, null, null]);
  });
});

describe("removeVideo", () => {
  it("takes it out of the list and forgets its page", () => {
    const [first, second] = videos(2) as [Video, Video];
    show([first], [second]);
    queryClient.setQueryData(keys.transcript(second.id), { segments: [] });
    applyMessages([anEvent({ video_id: second.id })]);
    removeVideo(queryClient, second.id);
    expect(titles()).toEqual(["Video 0"]);
    expect(queryClient.getQueryData(keys.transcript(second.id))).toBeUndefined();
    expect(useProgressStore.getState().progress.size).toBe(0);
  });
});

describe("reloadVideo", () => {
  it("shows what the API says now", async () => {
    show([aVideo({ title: null })]);
    queryClient.setQueryData<VideoDetails>(keys.video(VIDEO_ID), someDetails({ title: null, view_count: null }));
    installApi({ "GET /api/videos/{id}": someDetails({ title: "Now" }) });
    await reloadVideo(queryClient, VIDEO_ID);
    expect(titles()).toEqual(["Now"]);
    expect(shown().pages[0]?.items[0]).not.toHaveProperty("description");
    expect(queryClient.getQueryData(keys.video(VIDEO_ID))).toMatchObject({ title: "Now", view_count: 48210 });
  });
});

describe("loadNewVideos", () => {
  it("asks only until the known ones begin", async () => {
    const all = videos(6);
    show(all.slice(3, 5), all.slice(5));
    const { requests } = installApi({
      [PATH]: ({ query }: { query: URLSearchParams }) =>
        query.get("cursor") ? aVideoPage(all.slice(2, 4), "b") : aVideoPage(all.slice(0, 2), "a"),
    });
    await loadNewVideos(queryClient, LIST_ID);
    expect(titles()).toEqual(all.map((video) => video.title));
    expect(requests.map(({ query }) => query.get("cursor"))).toEqual([null, "a"]);
  });

  it("begins anew where the known ones are far below", async () => {
    const all = videos(20);
    show(all.slice(19));
    let asked = 0;
    installApi({ [PATH]: () => aVideoPage(all.slice(asked, ++asked), `cursor${asked}`) });
    await loadNewVideos(queryClient, LIST_ID);
    expect(titles()).toEqual(all.slice(0, 5).map((video) => video.title));
    expect(shown().pageParams).toEqual([null, "cursor1", "cursor2", "cursor3", "cursor4"]);
  });

  it("does not make a video that was complete meanwhile one that is under way", async () => {
    const underWay = aVideo({ import_stage: "captions", title: "Old" });
    show([underWay]);
    let answer: (page: VideoPage) => void = () => {};
    installApi({
      [PATH]: () => new Promise<VideoPage>((resolve) => (answer = resolve)),
      "GET /api/videos/{id}": someDetails({ title: "New" }),
    });
    const isLoaded = loadNewVideos(queryClient, LIST_ID);
    await reloadVideo(queryClient, VIDEO_ID);
    answer(aVideoPage([...videos(1), underWay]));
    await isLoaded;
    expect(titles()).toEqual(["Video 0", "New"]);
  });

  it("asks nothing for a list that is not shown", async () => {
    const { requests } = installApi();
    await loadNewVideos(queryClient, LIST_ID);
    expect(requests).toEqual([]);
  });
});

describe("a list that is being read", () => {
  const [first, second, third] = videos(3) as [Video, Video, Video];

  /** Begins to read the list; the answer, which is what the list was before, comes with `answer`. */
  function reading(...items: Video[]) {
    let answer: () => void = () => {};
    const isRead = queryClient.fetchInfiniteQuery({
      queryKey: keys.videos(LIST_ID),
      queryFn: () =>
        new Promise((resolve) => {
          answer = () => resolve(aVideoPage(items));
        }),
      initialPageParam: null,
      staleTime: 0,
    });
    isRead.catch(() => {}); // It may be given up.
    return async () => {
      await new Promise((resolve) => setTimeout(resolve));
      answer();
      await isRead;
    };
  }

  it("keeps what was written meanwhile", async () => {
    show([second, third]);
    const end = reading(second, third);
    addVideos(queryClient, LIST_ID, [first]);
    patchVideo(queryClient, { ...second, title: "Patched" });
    removeVideo(queryClient, third.id);
    expect(titles()).toEqual(["Video 0", "Patched"]);
    await end();
    expect(titles()).toEqual(["Video 0", "Patched"]);
    await reading(first, { ...second, title: "Newer" })();
    expect(titles()).toEqual(["Video 0", "Newer"]);
  });

  it("keeps it also where the reading is given up", async () => {
    show([second]);
    reading(second);
    addVideos(queryClient, LIST_ID, [first]);
    await queryClient.cancelQueries({ queryKey: keys.videos(LIST_ID) });
    expect(titles()).toEqual(["Video 0", "Video 1"]);
  });

  it("does not make a complete video one that is under way", async () => {
    show([{ ...first, import_stage: "captions" }]);
    const end = reading(first);
    installApi({ "GET /api/videos/{id}": someDetails({ ...first, import_stage: "chapters" }) });
    await reloadVideo(queryClient, first.id);
    expect(shown().pages[0]?.items[0]?.import_stage).toBe("chapters");
    await end();
    expect(shown().pages[0]?.items[0]?.import_stage).toBe("complete");
  });

  it.each(["addVideos", "restarted"])("does not bring a deleted video back: %s", async (way) => {
    show(way === "addVideos" ? [second, third] : [third]);
    removeVideo(queryClient, second.id);
    if (way === "restarted") removeVideo(queryClient, third.id);
    installApi({ [PATH]: aVideoPage([first, second, third]) });
    await loadNewVideos(queryClient, LIST_ID);
    expect(titles()).not.toContain("Video 1");
    expect(titles()).toContain("Video 0");
  });
});
