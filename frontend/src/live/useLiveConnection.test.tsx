import { act, screen, waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { Route } from "wouter";
import { keys } from "../api/keys";
import { VideoPage } from "../pages/VideoPage";
import { applyMessages, resetProgress, useProgressStore } from "../state/progress";
import { refuse } from "../test/api";
import { aConfig, aVideo, aVideoPage, LIST_ID, someDetails, VIDEO_ID } from "../test/data";
import { renderHookWithApp } from "../test/hooks";
import { anEvent, aPause, aSnapshot, batchProgress, fakeSockets } from "../test/live";
import { renderWithApp } from "../test/render";
import { useLiveConnection } from "./useLiveConnection";

afterEach(() => {
  vi.useRealTimers();
  resetProgress();
});

it("forgets everything that came live when that is switched off", async () => {
  const sockets = fakeSockets();
  const { queryClient } = renderHookWithApp(() => useLiveConnection(sockets.openSocket));
  await waitFor(() => expect(sockets.opened).toHaveLength(1));
  act(() => sockets.newest().tell(aSnapshot(1), anEvent({ seq: 2 }), batchProgress(), aPause()));
  await waitFor(() => expect(useProgressStore.getState().progress.size).toBe(1));
  act(() => void queryClient.setQueryData(keys.config, aConfig({ features: { import_progress: false } })));
  await waitFor(() => expect(sockets.newest().isClosed).toBe(true));
  const { progress, batches, pauses, connection } = useProgressStore.getState();
  expect([progress.size, batches.size, pauses, connection]).toEqual([0, 0, {}, "off"]);
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

it("asks for nothing any more that could not be read when the app has ended", async () => {
  vi.useFakeTimers();
  const sockets = fakeSockets();
  const { requests, queryClient, unmount } = renderHookWithApp(() => useLiveConnection(sockets.openSocket), {
    api: { "GET /api/batches/{id}": () => refuse(503), "GET /api/videos/{id}": () => refuse(503) },
  });
  const pages = { pages: [aVideoPage([aVideo({ import_stage: "captions" })])], pageParams: [null] };
  queryClient.setQueryData(keys.videos(LIST_ID), pages);
  await vi.waitFor(() => expect(sockets.opened).toHaveLength(1));
  act(() => void applyMessages([batchProgress()]));
  act(() => sockets.newest().tell(aSnapshot(1), anEvent({ seq: 2, stage: "complete" }), { type: "pong" }));
  const asked = () => requests.filter(({ path }) => /batches|videos/.test(path)).length;
  await act(() => vi.advanceTimersByTimeAsync(6_000));
  await vi.waitFor(() => expect(asked()).toBe(4));
  unmount();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(asked()).toBe(4);
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
