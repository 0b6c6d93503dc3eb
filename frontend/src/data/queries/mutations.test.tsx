import { act, waitFor } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { refuse } from "../../test/api";
import { aList, aSubscription, aVideo, aVideoPage, LIST_ID, VIDEO_ID, videos } from "../../test/data";
import { renderHookWithApp } from "../../test/hooks";
import {
  useAddMany,
  useAddSubscription,
  useAddVideo,
  useCreateList,
  useDeleteSubscription,
  useDeleteVideo,
  useImportFile,
  useLists,
  useSubscriptions,
  useVideos,
} from "../queries";

const READ = ["/api/lists", "/api/subscriptions", `/api/lists/${LIST_ID}/videos`];
const SUBSCRIPTION = { ...aSubscription(), import_existing: true };
const ADDRESS = "https://youtu.be/dBq4wT1rXgE";
const aFile = () => new File(["Video ID\n"], "lighthouses.csv");

function useEverything() {
  const list = useVideos(LIST_ID);
  return {
    lists: useLists().data,
    follows: useSubscriptions().data,
    videos: list.videos,
    isListPending: list.isPending,
    addVideo: useAddVideo(LIST_ID),
    addMany: useAddMany(LIST_ID),
    importFile: useImportFile(LIST_ID),
    deleteVideo: useDeleteVideo(),
    createList: useCreateList(),
    follow: useAddSubscription(),
    unfollow: useDeleteSubscription(),
  };
}

/** What the API answers to changes; from `readings` comes what it answers to readings. */
function show(readings: (path: string) => unknown) {
  const created = { batch_id: "b", created: 1, duplicate_count: 0, duplicates: [], invalid_count: 0, invalid: [] };
  const reading = ({ path }: { path: string }) => readings(path);
  return renderHookWithApp(useEverything, {
    api: {
      "GET /api/lists": reading,
      "GET /api/subscriptions": reading,
      "GET /api/lists/{id}/videos": reading,
      "POST /api/lists/{id}/videos": aVideo({ id: "new", youtube_id: "dBq4wT1rXgE" }),
      "POST /api/lists/{id}/videos/batch": { ...created, videos: [] },
      "POST /api/lists/{id}/imports": created,
      "DELETE /api/videos/{id}": undefined,
      "POST /api/lists": aList({ id: "new", name: "Lamps" }),
      "POST /api/subscriptions": aSubscription({ id: "new" }),
      "DELETE /api/subscriptions/{id}": undefined,
    },
  });
}

type Everything = ReturnType<typeof useEverything>;

const CHANGES: [string, (all: Everything) => Promise<unknown>][] = [
  ["a video that is added", ({ addVideo }) => addVideo.mutateAsync(ADDRESS)],
  ["videos that are added", ({ addMany }) => addMany.mutateAsync([ADDRESS])],
  ["a video that is removed", ({ deleteVideo }) => deleteVideo.mutateAsync(VIDEO_ID)],
  ["a new list", ({ createList }) => createList.mutateAsync("Lamps")],
  ["what is followed", ({ follow }) => follow.mutateAsync(SUBSCRIPTION)],
  ["what is followed no longer", ({ unfollow }) => unfollow.mutateAsync(aSubscription().id)],
];

describe("what was done is told as done", () => {
  it("though the list of an import cannot be read again", async () => {
    let isAway = false;
    const { current } = show(() => (isAway ? refuse(404) : { items: [], next_cursor: null }));
    await waitFor(() => expect(current().isListPending).toBe(false));
    isAway = true;
    await act(async () => expect(await current().importFile.mutateAsync(aFile())).toMatchObject({ created: 1 }));
  });

  it.each(CHANGES)("before what it changed is read again, however long that takes: %s", async (_what, change) => {
    const { current, requests } = show(() => new Promise(() => {}));
    await waitFor(() => expect(requests.map(({ path }) => path)).toEqual(expect.arrayContaining(READ)));
    let isDone = false;
    void change(current()).then(() => {
      isDone = true;
    });
    await waitFor(() => expect(isDone).toBe(true));
  });
});

it("reads a list again that could not be brought up to date after an import", async () => {
  let items = videos(1);
  let failures = 0;
  const { current } = show((path) => {
    if (!path.endsWith("/videos")) return { items: [], next_cursor: null };
    return failures-- > 0 ? refuse(503) : aVideoPage(items);
  });
  await waitFor(() => expect(current().videos).toHaveLength(1));
  items = videos(2);
  failures = 1;
  await act(async () => void (await current().importFile.mutateAsync(aFile())));
  await waitFor(() => expect(current().videos).toHaveLength(2));
});

it("keeps the card of a video that was added until its list, which was not read so far, is there", async () => {
  let answer: (page: unknown) => void = () => {};
  const { current } = show((path) => path.endsWith("/videos") && new Promise((resolve) => (answer = resolve)));
  await act(async () => void (await current().addVideo.mutateAsync(ADDRESS)));
  expect(current().videos.map(({ id }) => id)).toEqual(["new:dBq4wT1rXgE"]);
  await act(async () => answer(aVideoPage([])));
  await waitFor(() => expect(current().videos).toEqual([]));
});

it("shows at once that something is followed no longer", async () => {
  let isAway = false;
  const { current } = show(() => (isAway ? refuse(404) : { items: [aSubscription()], next_cursor: null }));
  await waitFor(() => expect(current().follows).toHaveLength(1));
  isAway = true;
  await act(async () => void (await current().unfollow.mutateAsync(aSubscription().id)));
  await waitFor(() => expect(current().follows).toEqual([]));
});
