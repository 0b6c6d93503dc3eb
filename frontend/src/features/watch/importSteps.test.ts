import { describe, expect, it } from "vitest";
import type { CardState } from "../videos/cardState";
import { importSteps } from "./importSteps";

const states = (state: CardState, progress: number) =>
  importSteps({ state, progress })
    .map((step) => step.state)
    .join(" ");

describe("importSteps", () => {
  it.each<[CardState, number, string]>([
    ["importing", 0, "done current open open open"],
    ["importing", 25, "done done current open open"],
    ["importing", 42, "done done current open open"],
    ["importing", 60, "done done done current open"],
    ["importing", 90, "done done done done current"],
    ["waiting", 0, "done waiting open open open"],
    ["upcoming", 0, "done waiting open open open"],
    ["live", 25, "done done waiting open open"],
    ["error", 0, "done failed open open open"],
    ["error", 60, "done done done failed open"],
    ["complete", 100, "done done done done done"],
    ["partial", 100, "done done done done done"],
  ])("%s at %d %%", (state, progress, expected) => {
    expect(states(state, progress)).toBe(expected);
  });
});
