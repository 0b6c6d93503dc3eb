import { describe, expect, it } from "vitest";
import { addressesIn } from "../../data/youtube";
import { MAX_URLS, requestsFor } from "./requests";

const ONE = "https://youtu.be/Q7mZ2k-x9Lw";
const OTHER = "https://youtu.be/dBq4wT1rXgE";
const PLAYLIST = "https://www.youtube.com/playlist?list=PL0123456789abcdef";

describe("requestsFor", () => {
  it("adds one video without a look", () => {
    expect(requestsFor([ONE])).toEqual({ single: ONE, requests: [] });
  });

  it("takes one video for one, however often and in whatever way it is named", () => {
    const again = "https://www.youtube.com/watch?v=Q7mZ2k-x9Lw&t=42s";
    expect(requestsFor([ONE, again])).toEqual({ single: ONE, requests: [] });
  });

  it("looks at several videos together", () => {
    const pasted = `${ONE}\n\n  ${OTHER} , https://example.com/watch;`;
    expect(requestsFor(addressesIn(pasted))).toEqual({
      single: null,
      requests: [{ urls: [ONE, OTHER, "https://example.com/watch"] }],
    });
  });

  it("looks at each playlist and channel by itself", () => {
    expect(requestsFor([PLAYLIST, ONE, "@lamp-room", OTHER])).toEqual({
      single: null,
      requests: [{ urls: [ONE, OTHER] }, { source: PLAYLIST }, { source: "@lamp-room" }],
    });
    expect(requestsFor([ONE, PLAYLIST])).toEqual({ single: ONE, requests: [{ source: PLAYLIST }] });
  });

  it("sends more addresses than one request takes as a file", async () => {
    const urls = Array.from({ length: MAX_URLS + 1 }, (_, index) => `video${String(index).padStart(6, "0")}`);
    const [request] = requestsFor(urls).requests;
    if (!request || !("file" in request)) throw new Error("no file");
    expect(await request.file.text()).toBe(urls.join("\n"));
  });

  it("asks for nothing where nothing is", () => {
    expect(requestsFor([])).toEqual({ single: null, requests: [] });
  });
});
