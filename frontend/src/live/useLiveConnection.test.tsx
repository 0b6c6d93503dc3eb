import { act, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { Route } from "wouter";
import { keys } from "../api/keys";
import { VideoPage } from "../pages/VideoPage";
import { forgetBatch, resetProgress, useProgressStore } from "../state/progress";
import { refuse } from "../test/api";
import { aBatch, aConfig, BATCH_ID, LIST_ID, someDetails, VIDEO_ID } from "../test/data";
import { renderHookWithApp } from "../test/hooks";
import { anEvent, aSnapshot, batchProgress, fakeSockets } from "../test/live";
import { renderWithApp } from "../test/render";
import { useLiveConnection } from "./useLiveConnection";

afterEach(() => {
  vi.useRealTimers();
  resetProgress();
  localStorage.clear();
});

it("goes on where the feature flag is off: only overlays go", async () => {
  const sockets = fakeSockets();
  const { queryClient } = renderHookWithApp(() => useLiveConnection(sockets.openSocket));
  await waitFor(() => expect(sockets.opened).toHaveLength(1));
  act(() => void queryClient.setQueryData(keys.config, aConfig({ features: { import_progress: false } })));
  act(() => sockets.newest().tell(aSnapshot(1), anEvent({ seq: 2 })));
  await waitFor(() => expect(useProgressStore.getState().progress.size).toBe(1));
  expect(sockets.newest().isClosed).toBe(false);
});

it("shows what ended before and left something to do, until that is closed", async () => {
  const ended = aBatch({ state: "complete", completed_at: "2026-11-23T09:00:00Z", failed: 2 });
  const api = { "GET /api/batches": { items: [ended, aBatch({ ...ended, batch_id: "other", failed: 0 })] } };
  const shown = () => [...useProgressStore.getState().batches.keys()];
  const { unmount } = renderHookWithApp(() => useLiveConnection(fakeSockets().openSocket), { api });
  await waitFor(() => expect(shown()).toEqual([BATCH_ID]));
  forgetBatch(BATCH_ID);
  unmount();
  const { requests } = renderHookWithApp(() => useLiveConnection(fakeSockets().openSocket), { api });
  await waitFor(() => expect(requests.map(({ path }) => path)).toContain("/api/batches"));
  await act(() => new Promise((resolve) => setTimeout(resolve)));
  expect(shown()).toEqual([]);
});

it.each([404, 503])("begins as soon as the server says where, if it fails with %s at first", async (status) => {
  vi.useFakeTimers();
  const sockets = fakeSockets();
  let isAway = true;
  const config = () => (isAway ? refuse(status) : aConfig());
  const { requests, queryClient } = renderHookWithApp(() => useLiveConnection(sockets.openSocket), {
    api: { "GET /api/config": config },
  });
  await vi.waitFor(() => expect(queryClient.getQueryState(keys.config)?.status).toBe("error"));
  isAway = false;
  await act(() => vi.advanceTimersByTimeAsync(11_000));
  await vi.waitFor(() => expect(sockets.opened).toHaveLength(1));
  const asked = () => requests.filter(({ path }) => path === "/api/config").length;
  const before = asked();
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  expect(asked()).toBe(before);
});

it("reads the figures of a batch that ended without saying them, until it has them or the app ends", async () => {
  vi.useFakeTimers();
  const sockets = fakeSockets();
  let asked = 0;
  const over = aBatch({ state: "complete", completed_at: "2026-11-23T09:00:00Z", failed: 1 });
  const { unmount } = renderHookWithApp(() => useLiveConnection(sockets.openSocket), {
    api: { "GET /api/batches/{id}": () => (++asked < 3 ? refuse(503) : over) },
  });
  const change = { type: "batch_ended", seq: 2, at: "2026-11-23T09:00:00Z", list_id: LIST_ID, batch_id: BATCH_ID };
  await vi.waitFor(() => expect(sockets.opened).toHaveLength(1));
  act(() => sockets.newest().tell(aSnapshot(1), batchProgress(), change));
  await act(() => vi.advanceTimersByTimeAsync(60_000));
  expect(useProgressStore.getState().batches.get(BATCH_ID)).toMatchObject({ isOver: true, failed: 1 });
  expect(asked).toBe(3);
  act(() => sockets.newest().tell(batchProgress(), { ...change, seq: 3 }));
  unmount();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked).toBe(3);
});

it("has an open video read once for each stage, also where only a snapshot tells of it", async () => {
  const sockets = fakeSockets();
  function Page() {
    useLiveConnection(sockets.openSocket);
    return <Route path="/videos/:videoId" component={VideoPage} />;
  }
  let video = someDetails({ title: null, import_stage: "created", import_progress: 0 });
  const { requests } = renderWithApp(<Page />, {
    path: `/videos/${VIDEO_ID}`,
    api: { "GET /api/videos/{id}": () => video, "GET /api/videos/{id}/chapters": { chapters: [] } },
  });
  const heading = (name: string) => screen.findByRole("heading", { level: 1, name });
  await heading("Untitled video");
  video = someDetails({ title: "A lens", import_stage: "metadata", import_progress: 25 });
  act(() => sockets.newest().tell(aSnapshot(1), anEvent({ seq: 2 })));
  await heading("A lens");
  video = someDetails({ title: "A lens, ground" });
  act(() => sockets.newest().tell(aSnapshot(3, [anEvent({ seq: null, stage: "complete", progress: 100 })])));
  await heading("A lens, ground");
  expect(requests.filter(({ path }) => path === `/api/videos/${VIDEO_ID}`)).toHaveLength(3);
});
