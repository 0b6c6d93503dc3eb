import { expect, it } from "vitest";
import { indexAt } from "./playback";

const PARTS = [0, 4, 4, 9.5].map((start_seconds) => ({ start_seconds }));

it.each([
  [0, 0],
  [3.9, 0],
  [4, 2],
  [9.46, 3],
  [9.4, 2],
  [1e6, 3],
])("at %d s the last part that has begun is %d", (seconds, index) => {
  expect(indexAt(PARTS, seconds)).toBe(index);
});

it("knows a time before the first part", () => {
  expect(indexAt([{ start_seconds: 5 }], 2)).toBe(-1);
  expect(indexAt([], 2)).toBe(-1);
});
