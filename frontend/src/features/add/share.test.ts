import { expect, it } from "vitest";
import { bookmarkAddress } from "./bookmark";
import { outcomeAddress, outcomeIn, sharedAddress } from "./share";

const VIDEO = "https://youtu.be/Q7mZ2k-x9Lw";
const PLAYLIST = "https://www.youtube.com/playlist?list=PL0123456789abcdef";

it.each([
  [{ url: VIDEO }, VIDEO],
  [{ text: `Watch this: ${VIDEO}`, title: "How a lens is ground" }, VIDEO],
  [{ title: VIDEO }, VIDEO],
  [{ url: "https://example.com/", text: VIDEO }, VIDEO],
  [{ url: PLAYLIST, text: `${VIDEO}?si=x` }, `${VIDEO}?si=x`],
  [{ text: PLAYLIST }, PLAYLIST],
  [{ url: "https://example.com/", title: "Example" }, "https://example.com/"],
  [{ url: VIDEO, title: "information" }, VIDEO],
  [{ title: "Good morning" }, null],
  [{}, null],
])("%o: %s", (shared, expected) => {
  expect(sharedAddress(new URLSearchParams(shared as Record<string, string>))).toBe(expected);
});

it("opens the add page with the list and the page, and shows that page nothing else", () => {
  const href = "https://www.youtube.com/watch?v=Q7mZ2k-x9Lw&t=1";
  const script = decodeURIComponent(bookmarkAddress("http://127.0.0.1:8000", "one").replace(/^javascript:/, ""));
  const opened: unknown[][] = [];
  const stage = { open: (...how: unknown[]) => opened.push(how) };
  new Function("window", "location", "document", script)(stage, { href }, { title: "A & B" });
  const { pathname, searchParams } = new URL(String(opened[0]?.[0]));
  expect(pathname).toBe("/add");
  expect(Object.fromEntries(searchParams)).toEqual({ list: "one", url: href, title: "A & B" });
});

it("says where it ended", () => {
  const query = new URLSearchParams(outcomeAddress("added", "one").split("?")[1]);
  expect([outcomeIn(query), query.get("list"), sharedAddress(query)]).toEqual(["added", "one", null]);
  expect(outcomeIn(new URLSearchParams({ done: "elsewhere" }))).toBeNull();
});
