import { act, renderHook } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import { applyMessages, resetProgress, setConnection } from "../state/progress";
import { watchedIds } from "../state/watched";
import { VIDEO_ID } from "../test/data";
import { anEvent } from "../test/live";
import { useWebSocket } from "./useWebSocket";

afterEach(resetProgress);

it("says whether news come live", () => {
  const { result } = renderHook(() => useWebSocket());
  expect(result.current.isConnected).toBe(false);
  act(() => setConnection("live"));
  expect(result.current.isConnected).toBe(true);
  act(() => setConnection("polling"));
  expect(result.current.isConnected).toBe(false);
});

it("tells of one video until that is enough, and watches it meanwhile", () => {
  const { result } = renderHook(() => useWebSocket());
  const callback = vi.fn();
  const unsubscribe = result.current.subscribe(VIDEO_ID, callback);
  expect(watchedIds()).toEqual([VIDEO_ID]);
  applyMessages([anEvent({ seq: 1 })]);
  applyMessages([anEvent({ seq: 2, video_id: "00000000-0000-4000-8000-000000000001" })]);
  expect(callback).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ progress: 25, stage: "metadata" }));
  unsubscribe();
  applyMessages([anEvent({ seq: 3, progress: 60 })]);
  expect(callback).toHaveBeenCalledOnce();
  expect(watchedIds()).toEqual([]);
});

it("tells at once what is known already", () => {
  applyMessages([anEvent({ seq: 1 })]);
  const { result } = renderHook(() => useWebSocket());
  const callback = vi.fn();
  const unsubscribe = result.current.subscribe(VIDEO_ID, callback);
  expect(callback).toHaveBeenCalledExactlyOnceWith(expect.objectContaining({ stage: "metadata" }));
  unsubscribe();
});

it("keeps `subscribe` the same, so that effects do not run again", () => {
  const { result, rerender } = renderHook(() => useWebSocket());
  const { subscribe } = result.current;
  rerender();
  expect(result.current.subscribe).toBe(subscribe);
});
