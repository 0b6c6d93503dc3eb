import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { embedAddress, PLAYER_ORIGIN, PlayerLink, type PlayerNews, readPlayerMessage } from "./player";

const OPTIONS = { origin: "http://127.0.0.1:8000", language: "de", startSeconds: 0 };

describe("embedAddress", () => {
  it("asks the host without cookies, and takes messages of this page only", () => {
    const url = new URL(embedAddress("Q7mZ2k-x9Lw", OPTIONS));
    expect(url.origin).toBe("https://www.youtube-nocookie.com");
    expect(url.pathname).toBe("/embed/Q7mZ2k-x9Lw");
    expect(Object.fromEntries(url.searchParams)).toMatchObject({ enablejsapi: "1", origin: OPTIONS.origin, hl: "de" });
    expect(url.searchParams.has("start")).toBe(false);
  });

  it("begins at a whole second", () => {
    const url = new URL(embedAddress("Q7mZ2k-x9Lw", { ...OPTIONS, startSeconds: 95.9 }));
    expect(url.searchParams.get("start")).toBe("95");
  });
});

describe("readPlayerMessage", () => {
  it.each<[string, unknown, PlayerNews | null]>([
    ["the time", { event: "infoDelivery", info: { currentTime: 12.5 } }, { seconds: 12.5 }],
    [
      "time and state",
      { event: "initialDelivery", info: { currentTime: 0, playerState: 1 } },
      { seconds: 0, isPlaying: true },
    ],
    ["a pause", { event: "infoDelivery", info: { playerState: 2 } }, { isPlaying: false }],
    ["a change of state", { event: "onStateChange", info: 1 }, { isPlaying: true }],
    ["readiness", { event: "onReady" }, {}],
    ["a time that is none", { event: "infoDelivery", info: { currentTime: "12" } }, {}],
    ["another's message", { type: "webpackOk" }, null],
    ["nothing", null, null],
  ])("reads %s", (_name, message, news) => {
    expect(readPlayerMessage(JSON.stringify(message))).toEqual(news);
    expect(readPlayerMessage(message)).toEqual(news);
  });

  it("ignores what is no JSON", () => {
    expect(readPlayerMessage("!_{h:''}")).toBeNull();
  });
});

describe("PlayerLink", () => {
  const frame = { postMessage: vi.fn() };
  const onNews = vi.fn();
  let link: PlayerLink;

  const sent = () => frame.postMessage.mock.calls.map(([text]) => JSON.parse(text as string));
  const commands = () => sent().filter(({ event }) => event === "command");
  function tell(message: unknown, { origin = PLAYER_ORIGIN, source = frame as unknown } = {}) {
    const event = new MessageEvent("message", { data: JSON.stringify(message), origin });
    Object.defineProperty(event, "source", { value: source });
    window.dispatchEvent(event);
  }

  beforeEach(() => {
    vi.useFakeTimers();
    frame.postMessage.mockClear();
    onNews.mockClear();
    link = new PlayerLink(frame as unknown as Window, onNews);
  });
  afterEach(() => {
    link.close();
    vi.useRealTimers();
  });

  it("greets the player until it answers, and nobody else", () => {
    vi.advanceTimersByTime(600);
    expect(sent()).toHaveLength(3);
    expect(sent()[0]).toMatchObject({ event: "listening", channel: "widget" });
    expect(frame.postMessage.mock.calls.every(([, target]) => target === PLAYER_ORIGIN)).toBe(true);
    tell({ event: "onReady" });
    vi.advanceTimersByTime(5000);
    expect(sent()).toHaveLength(3);
  });

  it("gives up greeting a frame that never answers", () => {
    vi.advanceTimersByTime(60_000);
    expect(sent()).toHaveLength(40);
  });

  it("tells the time", () => {
    tell({ event: "infoDelivery", info: { currentTime: 31.2 } });
    expect(onNews).toHaveBeenCalledExactlyOnceWith({ seconds: 31.2 });
  });

  it("believes only its own frame", () => {
    tell({ event: "infoDelivery", info: { currentTime: 1 } }, { origin: "https://evil.example" });
    tell({ event: "infoDelivery", info: { currentTime: 1 } }, { source: {} });
    expect(onNews).not.toHaveBeenCalled();
  });

  it("goes to a place and plays", () => {
    tell({ event: "onReady" });
    link.seekTo(12.5);
    expect(commands()).toMatchObject([
      { func: "seekTo", args: [12.5, true] },
      { func: "playVideo", args: [] },
    ]);
  });

  it("keeps the last wish until the player answers", () => {
    link.seekTo(5);
    link.seekTo(9);
    expect(commands()).toEqual([]);
    tell({ event: "initialDelivery", info: {} });
    expect(commands()[0]).toMatchObject({ func: "seekTo", args: [9, true] });
  });

  it("is silent once it is closed", () => {
    link.close();
    tell({ event: "infoDelivery", info: { currentTime: 1 } });
    vi.advanceTimersByTime(1000);
    expect(onNews).not.toHaveBeenCalled();
    expect(sent()).toHaveLength(1);
  });
});
