import { QueryObserver } from "@tanstack/react-query";
import { afterEach, expect, it, vi } from "vitest";
import { makeQueryClient } from "./queryClient";

afterEach(() => vi.useRealTimers());

it("still has a list an hour after it was left, so that going back finds the place", async () => {
  vi.useFakeTimers();
  const queryClient = makeQueryClient();
  const leave = new QueryObserver(queryClient, { queryKey: ["videos"], queryFn: () => ["a video"] }).subscribe(
    () => {},
  );
  await vi.advanceTimersByTimeAsync(0);
  leave();
  await vi.advanceTimersByTimeAsync(3_600_000);
  expect(queryClient.getQueryData(["videos"])).toEqual(["a video"]);
  queryClient.clear();
});
