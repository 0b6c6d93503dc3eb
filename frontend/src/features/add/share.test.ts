import { describe, expect, it } from "vitest";
import { bookmarkAddress, bookmarkToken } from "./bookmark";
import { isWanted, outcomeAddress, outcomeIn, sharedAddress } from "./share";

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

describe("the bookmark", () => {
  const page = { href: "https://www.youtube.com/watch?v=Q7mZ2k-x9Lw&t=1" };
  const openedBy = (address: string) => {
    const script = decodeURIComponent(address.replace(/^javascript:/, ""));
    const opened: unknown[][] = [];
    const stage = { open: (...how: unknown[]) => opened.push(how) };
    new Function("window", "location", "document", script)(stage, page, { title: "A & B" });
    return new URL(String(opened[0]?.[0]));
  };

  it("opens the add page with the list, the page and what shows that it was made here", () => {
    const token = bookmarkToken();
    const { pathname, searchParams } = openedBy(bookmarkAddress("http://127.0.0.1:8000", { list: "one", token }));
    expect(pathname).toBe("/add");
    expect(Object.fromEntries(searchParams)).toEqual({ list: "one", token, url: page.href, title: "A & B" });
    expect(isWanted(searchParams)).toBe(true);
  });

  it("is known by what is random and lasts", () => {
    const token = bookmarkToken();
    expect(token).toMatch(/^[0-9a-f]{32}$/);
    expect(bookmarkToken()).toBe(token);
    localStorage.clear();
    expect(bookmarkToken()).not.toBe(token);
  });

  it.each(["", "0123456789abcdef0123456789abcdef", null])("is not taken for %o", (token) => {
    expect(isWanted(new URLSearchParams(token === null ? {} : { token }))).toBe(false);
    bookmarkToken();
    expect(isWanted(new URLSearchParams(token === null ? {} : { token }))).toBe(false);
  });
});

it("says where it ended", () => {
  const query = new URLSearchParams(outcomeAddress("added", "one").split("?")[1]);
  expect([outcomeIn(query), query.get("list"), sharedAddress(query)]).toEqual(["added", "one", null]);
  expect(outcomeIn(new URLSearchParams({ done: "elsewhere" }))).toBeNull();
});
