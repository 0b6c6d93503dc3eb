import { describe, expect, it } from "vitest";
import { findMatches, marksByLine, searchableText } from "./transcriptSearch";

const LINES = ["This lens weighs four", "tons. A LENS like this (the", "first one) is rare: über 4.000 Stück"];
const find = (query: string) => findMatches(searchableText(LINES), query);

describe("findMatches", () => {
  it("finds a word in any case", () => {
    expect(find("lens")).toEqual([[{ line: 0, from: 5, to: 9 }], [{ line: 1, from: 8, to: 12 }]]);
    expect(find("ÜBER")).toHaveLength(1);
  });

  it("finds a phrase over the end of a line, and the end of that", () => {
    expect(find("four  tons")).toEqual([
      [
        { line: 0, from: 17, to: 21 },
        { line: 1, from: 0, to: 4 },
      ],
    ]);
    expect(find("the first")).toHaveLength(1);
  });

  it("takes signs as they are", () => {
    expect(find("(the")).toHaveLength(1);
    expect(find("4.000")).toHaveLength(1);
    expect(find("4x000")).toHaveLength(0);
    expect(find("a.*b\\")).toHaveLength(0);
  });

  it.each(["", "   "])("searches for nothing in %j", (query) => {
    expect(find(query)).toEqual([]);
  });

  it("is quick in three hours of captions", () => {
    const lines = Array.from({ length: 3000 }, (_, index) => `line number ${index} of a very long talk about lenses`);
    const searchable = searchableText(lines);
    const begin = performance.now();
    expect(findMatches(searchable, "talk about")).toHaveLength(3000);
    expect(performance.now() - begin).toBeLessThan(250);
  });
});

it("sorts marks by line", () => {
  const marks = marksByLine(find("is"));
  expect(marks.get(0)).toEqual([{ from: 2, to: 4, match: 0 }]);
  expect(marks.get(1)).toEqual([{ from: 20, to: 22, match: 1 }]);
});
