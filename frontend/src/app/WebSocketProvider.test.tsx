import { act, screen, waitFor } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { Language, Video } from "../api/types";
import { useVideos } from "../data/queries";
import { setLanguage } from "../state/preferences";
import { resetProgress, useProgressStore } from "../state/progress";
import type { ApiHandlers } from "../test/api";
import { aBatch, aList, aVideo, aVideoPage, BATCH_ID, LIST_ID, VIDEO_ID } from "../test/data";
import { anEvent, aPause, aSnapshot, batchComplete, batchProgress, type FakeSocket, fakeSockets } from "../test/live";
import { renderWithApp } from "../test/render";
import { Toasts } from "../ui/Toasts";
import { useToasts } from "../ui/toasts";
import { ConnectionNotice } from "./ConnectionNotice";
import { WebSocketProvider } from "./WebSocketProvider";

const PONG = { type: "pong" };
const AT = "2026-11-23T09:00:00Z";
const NEW = { import_stage: "created", import_progress: 0, title: null } as const;

afterEach(() => {
  vi.useRealTimers();
  resetProgress();
  useToasts.setState({ toasts: [] });
});

function Titles() {
  const { videos } = useVideos(LIST_ID);
  return <p>{videos.map((video) => video.title ?? "untitled").join(", ")}</p>;
}

function show(api: ApiHandlers = {}, language: Language = "en") {
  const sockets = fakeSockets();
  const ui = (
    <WebSocketProvider openSocket={sockets.openSocket}>
      <Titles />
      <ConnectionNotice />
      <Toasts />
    </WebSocketProvider>
  );
  return { ...sockets, ...renderWithApp(ui, { api: { ...listOf([aVideo(NEW)]), ...api }, language }) };
}

async function connected(live: ReturnType<typeof show>, ...messages: object[]): Promise<FakeSocket> {
  await waitFor(() => expect(live.opened).toHaveLength(1));
  await screen.findByText("untitled");
  act(() => live.newest().tell(aSnapshot(10), ...messages));
  return live.newest();
}

/** The list as it is read at each time. */
function listOf(...times: Video[][]): ApiHandlers {
  let reads = 0;
  return { [`GET /api/lists/${LIST_ID}/videos`]: () => aVideoPage(times[Math.min(reads++, times.length - 1)] ?? []) };
}

describe("the connection", () => {
  it("is one, in the reader's language, and follows it", async () => {
    const live = show({}, "de");
    const first = await connected(live);
    expect(first.url).toBe("ws://127.0.0.1:8001/api/ws/progress?lang=de");
    expect(live.opened).toHaveLength(1);
    act(() => setLanguage("en"));
    expect(first.isClosed).toBe(true);
    expect(live.newest().url).toMatch(/lang=en$/);
  });

  it("ends with the app", async () => {
    const live = show();
    const socket = await connected(live);
    live.unmount();
    expect(socket.isClosed).toBe(true);
  });

  it("is mentioned only when it is gone for more than 5 s", async () => {
    const live = show();
    const socket = await connected(live);
    vi.useFakeTimers();
    act(() => socket.end());
    act(() => vi.advanceTimersByTime(4_900));
    expect(screen.queryByText("Not connected. This page may be out of date.")).toBeNull();
    act(() => vi.advanceTimersByTime(200));
    expect(screen.getByText("Not connected. This page may be out of date.")).toBeInTheDocument();
    act(() => live.newest().tell(aSnapshot(10)));
    expect(screen.queryByText("Not connected. This page may be out of date.")).toBeNull();
  });
});

describe("what was loaded", () => {
  it("has its title when the import of a video has come that far, without a request", async () => {
    const live = show();
    await connected(live, anEvent({ seq: 11, title: "Lenses" }));
    expect(await screen.findByText("Lenses")).toBeInTheDocument();
    expect(live.requests.filter(({ path }) => path.startsWith("/api/videos"))).toEqual([]);
  });

  it("loses a video that was deleted elsewhere", async () => {
    const live = show();
    await connected(live, { type: "video_deleted", seq: 11, at: AT, list_id: LIST_ID, video_id: VIDEO_ID });
    await waitFor(() => expect(screen.queryByText("untitled")).toBeNull());
  });

  it.each([
    [
      "another tab added one",
      anEvent({ seq: 11, video_id: "2", stage: "created", progress: 0, youtube_id: "another-one" }),
    ],
    ["a batch put more on the list", batchProgress({ total: 500 })],
  ])("has further videos once %s", async (_name, message) => {
    const added = aVideo({ id: "2", youtube_id: "another-one", title: "New" });
    const live = show(listOf([aVideo(NEW)], [added, aVideo(NEW)]));
    await connected(live, message);
    expect(await screen.findByText("New, untitled")).toBeInTheDocument();
  });

  it("is told after a break what was missed, and not read again", async () => {
    const live = show();
    const socket = await connected(live, PONG);
    act(() => socket.end(1001));
    await waitFor(() => expect(live.opened).toHaveLength(2), { timeout: 2_000 });
    act(() => live.newest().tell(aSnapshot(12), anEvent({ seq: 11, title: "Later" }), PONG));
    expect(await screen.findByText("Later")).toBeInTheDocument();
    expect(live.requests.filter(({ path }) => path.endsWith("/videos"))).toHaveLength(1);
  });

  it("is not asked for again because of videos that are not shown", async () => {
    const live = show();
    await connected(live, anEvent({ seq: 11, stage: "error", video_id: "9", youtube_id: "elsewhere" }), PONG);
    await waitFor(() => expect(useProgressStore.getState().progress.has("9")).toBe(true));
    expect(live.requests.filter(({ path }) => path.startsWith("/api/videos"))).toEqual([]);
  });
});

describe("the end of an import of many videos", () => {
  const over = { total: 120, imported: 115, without_captions: 7, failed: 5, unavailable: 0, duplicates: 0 };
  const sum = "The Lamp Room: 115 imported (7 without captions), 5 failed";

  it("is summed up, and what failed can be tried again", async () => {
    const live = show({
      [`POST /api/batches/${BATCH_ID}/retry-failed`]: { batch_id: BATCH_ID, requested: "retry_failed" },
    });
    await connected(live, batchProgress(), batchComplete(over), PONG);
    expect(await screen.findByText(sum)).toBeInTheDocument();
    await live.user.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(useProgressStore.getState().batches.get(BATCH_ID)?.isOver).toBe(false));
    expect(live.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  it("names its list where it has no title of its own", async () => {
    const live = show();
    live.queryClient.setQueryData(["lists"], [aList()]);
    const untitled = { ...over, failed: 0, title: null, kind: "urls" as const };
    await connected(live, { ...batchProgress(), title: null }, batchComplete(untitled));
    expect(await screen.findByText("Lighthouses: 115 imported (7 without captions)")).toBeInTheDocument();
  });

  it("leaves nothing behind where everything went well", async () => {
    const live = show();
    await connected(live, batchProgress(), batchComplete({ ...over, failed: 0 }));
    await screen.findByText("The Lamp Room: 115 imported (7 without captions)");
    expect(screen.queryByRole("button", { name: "Try again" })).toBeNull();
    expect(useProgressStore.getState().batches.size).toBe(0);
  });

  it.each([
    ["what was cancelled", { failed: 0, cancelled: 3 }],
    ["a list that was not read to its end", { failed: 0, listing: "cancelled" as const }],
  ])("offers to import the rest: %s", async (_name, known) => {
    const live = show({
      [`POST /api/batches/${BATCH_ID}/retry-failed`]: { batch_id: BATCH_ID, requested: "retry_failed" },
    });
    await connected(live, batchProgress(), batchComplete({ ...over, state: "cancelled", ...known }));
    await live.user.click(await screen.findByRole("button", { name: "Import the rest" }));
    await waitFor(() => expect(useProgressStore.getState().batches.get(BATCH_ID)?.state).toBe("open"));
    expect(live.requests.filter(({ method }) => method === "POST")).toHaveLength(1);
  });

  it("is asked for where it came during a break, and pauses that are over go", async () => {
    const completed = aBatch({ ...over, completed_at: AT, state: "complete", queued: 0, running: 0 });
    const live = show({ [`GET /api/batches/${BATCH_ID}`]: completed });
    const socket = await connected(live, batchProgress(), aPause(), PONG);
    act(() => socket.end(1011));
    await waitFor(() => expect(live.opened).toHaveLength(2), { timeout: 2_000 });
    const ended = { type: "batch_ended", seq: 11, at: AT, list_id: LIST_ID, batch_id: BATCH_ID };
    act(() => live.newest().tell(aSnapshot(12), ended, PONG));
    expect(await screen.findByText(sum, {}, { timeout: 5_000 })).toBeInTheDocument();
    expect(live.requests.filter(({ path }) => path === `/api/batches/${BATCH_ID}`)).toHaveLength(1);
    expect(useProgressStore.getState().pauses.youtube).toBeUndefined();
  });

  it("is not told of a batch that went with its list", async () => {
    const live = show();
    const socket = await connected(live, batchProgress(), PONG);
    act(() => socket.end());
    await waitFor(() => expect(live.opened).toHaveLength(2), { timeout: 2_000 });
    act(() => live.newest().tell(aSnapshot(12), { type: "list_deleted", seq: 11, at: AT, list_id: LIST_ID }, PONG));
    await waitFor(() => expect(useProgressStore.getState().batches.size).toBe(0));
    expect(useToasts.getState().toasts).toEqual([]);
  });
});
