import { describe, expect, it } from "vitest";
import { columnsFor, gridLayout, neighbour } from "./gridLayout";

describe("columns", () => {
  it.each([
    [0, 1],
    [260, 1],
    [358, 2],
    [700, 3],
    [968, 4],
    [1600, 5],
  ])("%i pixels: %i", (width, columns) => expect(columnsFor(width)).toBe(columns));

  it("fill the width to its end", () => {
    const { columns, cardWidth, gap } = gridLayout(968, 16);
    expect(columns * cardWidth + (columns - 1) * gap).toBeCloseTo(968);
  });

  it("grow in height with the letters", () => {
    expect(gridLayout(968, 32).cardHeight).toBeGreaterThan(gridLayout(968, 16).cardHeight);
  });
});

describe("arrow keys, with ten cards in rows of four", () => {
  it.each([
    ["ArrowRight", 0, 1],
    ["ArrowRight", 9, null],
    ["ArrowLeft", 4, 3],
    ["ArrowLeft", 0, null],
    ["ArrowDown", 1, 5],
    ["ArrowDown", 7, 9],
    ["ArrowDown", 8, null],
    ["ArrowUp", 9, 5],
    ["ArrowUp", 2, null],
    ["Home", 9, 0],
    ["End", 0, 9],
    ["a", 3, null],
  ])("%s from %i: %s", (key, from, to) => expect(neighbour(key, from, 4, 10)).toBe(to));
});
