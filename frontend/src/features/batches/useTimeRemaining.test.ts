import { expect, it } from "vitest";
import type { BatchStatus } from "../../state/progress";
import { secondsRemaining } from "./useTimeRemaining";

const batch = { queued: 50, running: 10 } as BatchStatus;

it.each([
  ["at one video in two seconds", { at: 0, done: 10 }, { at: 20_000, done: 20 }, 120],
  ["nobody knows at first", null, { at: 20_000, done: 20 }, null],
  ["nor within the first seconds", { at: 0, done: 10 }, { at: 9_000, done: 20 }, null],
  ["nor while next to nothing is done", { at: 0, done: 10 }, { at: 60_000, done: 12 }, null],
])("%s", (_name, begun, now, expected) => {
  expect(secondsRemaining(batch, begun, now)).toBe(expected);
});
