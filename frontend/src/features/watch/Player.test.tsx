import { act, fireEvent, screen } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { renderWithApp } from "../../test/render";
import { Player } from "./Player";
import { PLAYER_ORIGIN } from "./player";
import { type PlayerControls, usePlayer } from "./usePlayer";

const THUMBNAIL = "https://img.youtube.com/vi/Q7mZ2k-x9Lw/mqdefault.jpg";
let player: PlayerControls;

function Page() {
  player = usePlayer();
  return <Player youtubeId="Q7mZ2k-x9Lw" title="A lens" thumbnailUrl={THUMBNAIL} player={player} />;
}

/** A frame that loads nothing, and remembers what it was told. */
const frameWindow = { postMessage: vi.fn() };
const frame = () => screen.getByTitle<HTMLIFrameElement>("Video: A lens");
const load = () => act(() => void fireEvent.load(frame()));
const commands = () =>
  frameWindow.postMessage.mock.calls
    .map(([text]) => JSON.parse(text as string) as { event: string; func?: string; args?: unknown[] })
    .filter(({ event }) => event === "command")
    .map(({ func, args }) => [func, ...(args ?? [])]);

function tell(message: unknown) {
  const event = new MessageEvent("message", { data: JSON.stringify(message), origin: PLAYER_ORIGIN });
  Object.defineProperty(event, "source", { value: frameWindow });
  act(() => void window.dispatchEvent(event));
}

beforeEach(() => {
  frameWindow.postMessage.mockClear();
  // Nothing is to be fetched here: the frame finds no address.
  vi.spyOn(HTMLIFrameElement.prototype, "src", "get").mockReturnValue("");
  vi.spyOn(HTMLIFrameElement.prototype, "contentWindow", "get").mockReturnValue(frameWindow as unknown as Window);
});
afterEach(() => vi.restoreAllMocks());

describe("Player", () => {
  it("loads nothing of YouTube's player before it is asked to", async () => {
    const { user } = renderWithApp(<Page />);
    expect(document.querySelector("iframe, script")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Play “A lens”" }));
    const src = new URL(frame().getAttribute("src") ?? "");
    expect(src.origin).toBe(PLAYER_ORIGIN);
    expect(src.searchParams.get("origin")).toBe(window.location.origin);
    expect(src.searchParams.has("start")).toBe(false);
    expect(frame()).toHaveFocus();
    expect(document.querySelector("script")).toBeNull();
  });

  it("tells where it is", () => {
    renderWithApp(<Page />);
    act(() => player.open());
    load();
    tell({ event: "infoDelivery", info: { currentTime: 12.5, playerState: 1 } });
    expect(player.playback.getState()).toEqual({ seconds: 12.5, isPlaying: true });
  });

  it("is opened by a jump, at that place, and leaves the focus where it is", () => {
    renderWithApp(<Page />);
    act(() => player.jumpTo(95.4));
    expect(new URL(frame().getAttribute("src") ?? "").searchParams.get("start")).toBe("95");
    expect(frame()).not.toHaveFocus();
    expect(player.playback.getState().seconds).toBe(95.4);
    load();
    tell({ event: "onReady" });
    expect(commands()).toEqual([]);
  });

  it("jumps without loading anew", () => {
    renderWithApp(<Page />);
    act(() => player.open());
    const before = frame();
    load();
    tell({ event: "onReady" });
    act(() => player.jumpTo(30));
    expect(frame()).toBe(before);
    expect(commands()).toEqual([["seekTo", 30, true], ["playVideo"]]);
  });

  it("goes where was asked for last while it was loading", () => {
    renderWithApp(<Page />);
    act(() => player.jumpTo(10));
    act(() => player.jumpTo(20));
    load();
    act(() => player.jumpTo(25));
    tell({ event: "initialDelivery", info: {} });
    expect(commands()).toEqual([["seekTo", 25, true], ["playVideo"]]);
  });

  it("listens no more once the page is left", () => {
    const { unmount } = renderWithApp(<Page />);
    act(() => player.open());
    load();
    unmount();
    tell({ event: "infoDelivery", info: { currentTime: 5 } });
    expect(player.playback.getState().seconds).toBe(0);
  });
});
