import { describe, expect, it } from "vitest";
import { addressesIn, entriesIn, kindOf, tabOf, youtubeIdOf } from "./youtube";

const ID = "Q7mZ2k-x9Lw";

describe("youtubeIdOf", () => {
  it.each([
    ID,
    `https://www.youtube.com/watch?v=${ID}&t=42s`,
    `http://youtube.com/watch?list=PL0123456789abcdef&v=${ID}`,
    `//m.youtube.com/watch?v=${ID}`,
    `music.youtube.com/watch?v=${ID}`,
    `https://youtu.be/${ID}?si=abc`,
    `www.youtu.be/${ID}`,
    `https://www.youtube.com/shorts/${ID}`,
    `https://www.youtube.com/live/${ID}?feature=share`,
    `https://www.youtube-nocookie.com/embed/${ID}`,
    `https://www.youtube.com/v/${ID}`,
    `https://www.youtube.com/?v=${ID}`,
    `https://www.youtube.com/attribution_link?u=%2Fwatch%3Fv%3D${ID}`,
    ` \u200b<https://youtu.be/${ID}>, `,
    `HTTPS://WWW.YOUTUBE.COM/watch?v=${ID}`,
  ])("finds the video in %s", (text) => {
    expect(youtubeIdOf(text)).toBe(ID);
    expect(kindOf(text)).toBe("video");
  });

  it.each([
    "",
    "hello",
    "https://example.com/watch?v=Q7mZ2k-x9Lw",
    "https://youtube.com.example.com/watch?v=Q7mZ2k-x9Lw",
    "javascript://youtube.com/watch?v=Q7mZ2k-x9Lw",
    "https://www.youtube.com/watch?v=short",
    "https://www.youtube.com/playlist?list=PL0123456789abcdef",
    "https://www.youtube.com/embed/videoseries?list=PL0123456789abcdef",
    "https://www.youtube.com/embed/live_stream?channel=x",
    "https://www.youtube.com/@Q7mZ2k-x9Lw",
    "https://[broken",
  ])("finds none in %s", (text) => {
    expect(youtubeIdOf(text)).toBeNull();
  });
});

describe("kindOf", () => {
  it.each([
    ["https://www.youtube.com/playlist?list=PL0123456789abcdef", "playlist"],
    ["https://www.youtube.com/embed/videoseries?list=PL0123456789abcdef", "playlist"],
    ["PL0123456789abcdef", "playlist"],
    ["https://www.youtube.com/@lamp-room/videos", "channel"],
    ["https://www.youtube.com/%40lamp-room", "channel"],
    ["https://www.youtube.com/channel/UC0123456789abcdefghijkl", "channel"],
    ["https://www.youtube.com/c/lamp", "channel"],
    ["youtube.com/user/lamp", "channel"],
    ["@lamp-room", "channel"],
    ["UC0123456789abcdefghijkl", "channel"],
    ["https://www.youtube.com/feed/history", "unknown"],
    ["https://example.com/", "unknown"],
    ["somebody@example.com", "unknown"],
  ])("%s: %s", (text, kind) => {
    expect(kindOf(text)).toBe(kind);
  });
});

describe("addressesIn", () => {
  it("takes a pasted text apart, each address once", () => {
    const text = `Some information: https://youtu.be/${ID}, (https://youtu.be/dBq4wT1rXgE).\n\n${ID}\thttps://youtu.be/${ID} @lamp-room`;
    const expected = [`https://youtu.be/${ID}`, "https://youtu.be/dBq4wT1rXgE", ID, "@lamp-room"];
    expect(addressesIn(text)).toEqual(expected);
  });

  it("takes bare ids that stand alone or side by side", () => {
    expect(addressesIn(`${ID} dBq4wT1rXgE\n@lamp-room`)).toEqual([ID, "dBq4wT1rXgE", "@lamp-room"]);
  });

  it("keeps what is no address of YouTube's, for the API to say why", () => {
    expect(addressesIn("https://example.com/watch")).toEqual(["https://example.com/watch"]);
  });

  it("finds none in plain words", () => {
    expect(addressesIn("No information to see here, e.g. this.")).toEqual([]);
  });
});

describe("entriesIn", () => {
  it("keeps lines without an address, so that the answer can say what is wrong with them", () => {
    expect(entriesIn(`${ID}\nnot an address\n\nhttps://youtu.be/dBq4wT1rXgE, ${ID}`)).toEqual([
      ID,
      "not an address",
      "https://youtu.be/dBq4wT1rXgE",
    ]);
    expect(entriesIn(" \n ")).toEqual([]);
  });
});

it.each([
  ["@lamp-room", "videos"],
  ["@lamp-room/shorts", "shorts"],
  ["https://www.youtube.com/@lamp-room/streams?view=2", "streams"],
  ["https://www.youtube.com/@lamp-room/about", "videos"],
  ["https://www.youtube.com/@shorts", "videos"],
])("knows which list of a channel %s means", (text, tab) => {
  expect(kindOf(text)).toBe("channel");
  expect(tabOf(text)).toBe(tab);
});
