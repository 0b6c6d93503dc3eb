import { expect, it } from "vitest";
import { bookmarkAddress } from "./bookmark";
import { sharedAddress } from "./shared";

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

it("bookmarks a script that opens the add page", () => {
  const address = bookmarkAddress("http://127.0.0.1:8000");
  const script = decodeURIComponent(address.replace(/^javascript:/, ""));
  const opened: unknown[][] = [];
  const page = { href: "https://www.youtube.com/watch?v=Q7mZ2k-x9Lw&t=1" };
  new Function("window", "location", "document", script)({ open: (...how: unknown[]) => opened.push(how) }, page, {
    title: "A & B",
  });
  expect(opened[0]?.[0]).toBe(
    "http://127.0.0.1:8000/add?url=https%3A%2F%2Fwww.youtube.com%2Fwatch%3Fv%3DQ7mZ2k-x9Lw%26t%3D1&title=A%20%26%20B",
  );
});
