import { type InfiniteData, QueryClient, QueryObserver } from "@tanstack/react-query";
import { act } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { keys } from "../api/keys";
import type { Video, VideoPage } from "../api/types";
import {
  fetchPreview,
  useAddMany,
  useAddVideo,
  useChangeBatch,
  useDeleteVideo,
  useImportFile,
  useReimportVideo,
  useRetryVideo,
} from "../data/queries";
import { makeQueryClient } from "../data/queryClient";
import { type ApiRequest, installApi } from "../test/api";
import { aList, aVideoPage, BATCH_ID, LIST_ID, someDetails, videos } from "../test/data";
import { renderHookWithApp } from "../test/hooks";
import { syncTabs } from "./syncTabs";

class FakeChannel {
  static open: FakeChannel[] = [];
  onmessage: ((event: { data: unknown }) => void) | null = null;
  constructor() {
    FakeChannel.open.push(this);
  }
  postMessage(data: unknown) {
    for (const other of FakeChannel.open) if (other !== this) other.onmessage?.({ data });
  }
  close() {
    FakeChannel.open = FakeChannel.open.filter((channel) => channel !== this);
  }
}

afterEach(() => {
  vi.unstubAllGlobals();
});

it("reads again in the other tabs what one of them has changed", async () => {
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  const [here, there] = [new QueryClient(), new QueryClient()];
  const stops = [here, there].map(syncTabs);
  for (const client of [here, there]) {
    client.setQueryData(["lists"], []);
    client.setQueryData(["config"], {});
  }
  await here
    .getMutationCache()
    .build(here, { mutationFn: async () => "renamed" })
    .execute(undefined);
  expect(there.getQueryState(["lists"])?.isInvalidated).toBe(true);
  expect(there.getQueryState(["config"])?.isInvalidated).toBe(false);
  expect(here.getQueryState(["lists"])?.isInvalidated).toBe(false);
  for (const stop of stops) stop();
  expect(FakeChannel.open).toEqual([]);
});

/** Two tabs: here somebody changes something; there a list of three pages is open. */
describe("a long list in another tab", () => {
  const all = videos(4);
  const [fresh, first, second, third] = all as [Video, Video, Video, Video];
  const again = { ...third, import_stage: "created", import_progress: 0 } as const;

  const useChanges = () => ({
    addVideo: useAddVideo(LIST_ID),
    addMany: useAddMany(LIST_ID),
    importFile: useImportFile(LIST_ID),
    remove: useDeleteVideo(),
    retry: useRetryVideo(),
    reimport: useReimportVideo(),
    batch: useChangeBatch(),
  });

  type Changes = ReturnType<typeof useChanges>;

  async function afterChange(change: (changes: Changes) => Promise<unknown>) {
    vi.stubGlobal("BroadcastChannel", FakeChannel);
    const there = makeQueryClient();
    const pages = [[first], [second], [third]].map((items, index) => aVideoPage(items, index < 2 ? `${index}` : null));
    there.setQueryData(keys.videos(LIST_ID), { pages, pageParams: [null, "0", "1"] });
    const readAll = vi.fn(() => new Promise(() => {}));
    const open = { queryKey: keys.videos(LIST_ID), queryFn: readAll, staleTime: Number.POSITIVE_INFINITY };
    const close = new QueryObserver(there, open).subscribe(() => {});
    there.setQueryData(keys.lists, [aList()]);
    const { current, queryClient, requests } = renderHookWithApp(useChanges, {
      api: {
        "GET /api/lists/{id}/videos": aVideoPage([fresh, first], "a"),
        "GET /api/videos/{id}": someDetails(again),
        "POST /api/lists/{id}/videos": fresh,
        "POST /api/lists/{id}/videos/batch": { videos: [fresh] },
        "POST /api/lists/{id}/imports": {},
        "POST /api/videos/{id}/retry": again,
        "POST /api/videos/{id}/reimport": again,
        "POST /api/batches/{id}/pause": {},
        "DELETE /api/videos/{id}": undefined,
      },
    });
    const stops = [queryClient, there].map(syncTabs);
    await act(async () => void (await change(current())));
    for (const stop of [...stops, close]) stop();
    expect(readAll).not.toHaveBeenCalled();
    const shown = () =>
      there.getQueryData<InfiniteData<VideoPage>>(keys.videos(LIST_ID))?.pages.flatMap(({ items }) => items) ?? [];
    const reads = () => requests.filter(({ method }: ApiRequest) => method === "GET").map(({ path }) => path);
    return { there, shown, reads };
  }

  it.each<[string, (changes: Changes) => Promise<unknown>]>([
    ["one", ({ addVideo }) => addVideo.mutateAsync("https://youtu.be/video000000")],
    ["many", ({ addMany }) => addMany.mutateAsync(["https://youtu.be/video000000"])],
    ["a file", ({ importFile }) => importFile.mutateAsync(new File([], "a.csv"))],
  ])("is read at its top where videos were added: %s", async (_what, add) => {
    const { there, shown, reads } = await afterChange(add);
    await vi.waitFor(() => expect(shown()).toEqual(all));
    expect(reads()).toEqual([`/api/lists/${LIST_ID}/videos`]);
    expect(there.getQueryState(keys.lists)?.isInvalidated).toBe(true);
  });

  it.each(["retry", "reimport"] as const)("has the one video read that is imported once more: %s", async (way) => {
    const { shown, reads } = await afterChange((changes) => changes[way].mutateAsync(third.id));
    await vi.waitFor(() => expect(shown()).toEqual([first, second, expect.objectContaining(again)]));
    expect(reads()).toEqual([`/api/videos/${third.id}`]);
  });

  it("loses the one video that was removed", async () => {
    const { there, shown, reads } = await afterChange(({ remove }) => remove.mutateAsync(second.id));
    expect(shown()).toEqual([first, third]);
    expect(reads()).toEqual([]);
    expect(there.getQueryState(keys.lists)?.isInvalidated).toBe(true);
  });

  it("is left alone where a batch was changed, of which its own socket tells", async () => {
    const { there } = await afterChange(({ batch }) => batch.mutateAsync({ batchId: BATCH_ID, change: "pause" }));
    expect(there.getQueryState(keys.lists)?.isInvalidated).toBe(false);
  });
});

it("leaves open previews alone, which cost calls to YouTube and tell nothing new", async () => {
  vi.stubGlobal("BroadcastChannel", FakeChannel);
  const { requests } = installApi({ "POST /api/lists/{id}/imports/preview": { new: 1 } });
  const clients = [new QueryClient(), new QueryClient()];
  const stops = clients.map(syncTabs);
  const previews = clients.map((client) => {
    const queryFn = ({ signal }: { signal: AbortSignal }) => fetchPreview("a", { urls: ["b"] }, signal);
    return new QueryObserver(client, { queryKey: ["preview", "1"], queryFn }).subscribe(() => {});
  });
  await vi.waitFor(() => expect(requests).toHaveLength(2));
  const [here, there] = clients as [QueryClient, QueryClient];
  await here
    .getMutationCache()
    .build(here, { mutationFn: async () => "added" })
    .execute(undefined);
  expect(there.isFetching({ queryKey: ["preview"] })).toBe(0);
  for (const stop of [...previews, ...stops]) stop();
});

it("does without where the browser has no channels", () => {
  vi.stubGlobal("BroadcastChannel", undefined);
  expect(syncTabs(new QueryClient())).not.toThrow();
});
