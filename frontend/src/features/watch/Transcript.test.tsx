import { act, fireEvent, screen, waitFor } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { Segment } from "../../api/types";
import { renderWithApp } from "../../test/render";
import { useToasts } from "../../ui/toasts";
import { createPlayback } from "./playback";
import { Transcript } from "./Transcript";
import type { Captions } from "./useCaptions";

const BOX_PX = 440;
const LINE_PX = 44;
const VIDEO = { youtubeId: "Q7mZ2k-x9Lw", title: "A lens" };

function linesOf(count: number): Segment[] {
  return Array.from({ length: count }, (_, index) => ({
    start_seconds: index * 4,
    end_seconds: index * 4 + 4,
    text: `Line ${index} of the talk`,
  }));
}

function show(segments: Segment[], known: Partial<Captions> = {}) {
  const captions: Captions = {
    segments,
    kind: "manual",
    language: "de",
    isPending: false,
    isWhole: true,
    error: null,
    retry: vi.fn(),
    ...known,
  };
  const playback = createPlayback();
  const onJump = vi.fn();
  const rendered = renderWithApp(
    <Transcript captions={captions} video={VIDEO} missing="No captions." playback={playback} onJump={onJump} />,
  );
  const playTo = (seconds: number) => act(() => playback.setState({ seconds }));
  return {
    ...rendered,
    captions,
    onJump,
    playTo,
    box: () => screen.getByRole("region", { name: "Transcript lines" }),
  };
}

const timeButton = (text: string) => screen.getByRole("button", { name: new RegExp(`^[\\d:]+ ${text}$`) });
const scrollTo = vi.fn<(options: { top: number }) => void>();
/** Where the box was scrolled to last. */
const scrolledTo = () => scrollTo.mock.lastCall?.[0].top ?? Number.NaN;

beforeEach(() => {
  // There is no layout here, without which no line is near.
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(LINE_PX);
  vi.spyOn(HTMLElement.prototype, "scrollTo").mockImplementation(scrollTo as unknown as HTMLElement["scrollTo"]);
  vi.spyOn(HTMLElement.prototype, "scrollHeight", "get").mockReturnValue(200_000);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(BOX_PX);
  scrollTo.mockClear();
  useToasts.setState({ toasts: [] });
});
afterEach(() => vi.restoreAllMocks());

describe("lines", () => {
  it("are all in the page where they are few, and jump", async () => {
    const { user, onJump } = show(linesOf(40));
    expect(screen.getAllByRole("listitem")).toHaveLength(40); // the box has room for ten
    await user.click(timeButton("Line 3 of the talk"));
    expect(onJump).toHaveBeenCalledExactlyOnceWith(12);
    await user.click(screen.getByText("Line 5 of the talk"));
    expect(onJump).toHaveBeenLastCalledWith(20);
  });

  it.each([
    ["de", "de"],
    ["zh-hans", "zh-Hans"],
    ["x-?", null],
    [null, null],
  ])("are in the language of the captions: %s", (language, lang) => {
    show(linesOf(2), { language });
    expect(screen.getByText("Line 1 of the talk").getAttribute("lang")).toBe(lang);
    expect(timeButton("Line 1 of the talk")).not.toHaveAttribute("lang");
  });

  it("are in the page only around what is seen where they are many", () => {
    show(linesOf(3000));
    const items = screen.getAllByRole("listitem");
    expect(items.length).toBeLessThan(50);
    expect(items[0]).toHaveAttribute("aria-setsize", "3000");
    expect(items[0]).toHaveAttribute("aria-posinset", "1");
  });

  it("are one stop for the Tab key, and the arrows go between them", async () => {
    const { user, box } = show(linesOf(1000));
    act(() => timeButton("Line 0 of the talk").focus());
    await user.keyboard("{ArrowDown}{ArrowDown}");
    expect(timeButton("Line 2 of the talk")).toHaveFocus();
    await user.keyboard("{ArrowUp}");
    expect(timeButton("Line 1 of the talk")).toHaveFocus();
    await user.keyboard("{End}");
    expect(timeButton("Line 999 of the talk")).toHaveFocus();
    await user.keyboard("{Home}");
    expect(timeButton("Line 0 of the talk")).toHaveFocus();
    await user.tab();
    expect(screen.getByRole("button", { name: "Copy the line at 0:00 with a link" })).toHaveFocus();
    await user.tab();
    expect(box()).not.toContainElement(document.activeElement as HTMLElement);
  });

  it("do not jump at the end of a selection", () => {
    const { onJump } = show(linesOf(5));
    vi.spyOn(document, "getSelection").mockReturnValue({ toString: () => "of the talk" } as Selection);
    fireEvent.click(screen.getByText("Line 1 of the talk"));
    expect(onJump).not.toHaveBeenCalled();
  });
});

describe("following", () => {
  const current = () => document.querySelectorAll("[aria-current]");

  it("marks the line that is said and keeps it in the middle of the box", () => {
    const { playTo } = show(linesOf(3000));
    expect(current()).toHaveLength(0);
    scrollTo.mockClear();
    playTo(401);
    expect(scrolledTo()).toBeCloseTo(100 * LINE_PX - BOX_PX / 2 + LINE_PX / 2, -1);
    expect(scrollTo.mock.contexts.every((scrolled) => (scrolled as Element).tagName === "SECTION")).toBe(true);
  });

  it("renders nothing anew within a line", () => {
    const { playTo } = show(linesOf(20));
    playTo(9);
    const line = current()[0];
    expect(line).toHaveTextContent("0:08");
    scrollTo.mockClear();
    playTo(9.25);
    expect(current()[0]).toBe(line);
    expect(scrollTo).not.toHaveBeenCalled();
  });

  it.each([
    ["wheel", (box: HTMLElement) => fireEvent.wheel(box)],
    ["finger", (box: HTMLElement) => fireEvent.touchMove(box)],
    ["scrollbar", (box: HTMLElement) => fireEvent.pointerDown(box)],
    ["keyboard", () => fireEvent.keyDown(timeButton("Line 0 of the talk"), { key: "ArrowDown" })],
  ])("stops when the reader scrolls by %s, until asked to go on", async (_name, scroll) => {
    const { user, playTo, box } = show(linesOf(300));
    playTo(1);
    expect(screen.queryByRole("button", { name: "Resume scrolling" })).not.toBeInTheDocument();
    scroll(box());
    scrollTo.mockClear();
    playTo(5);
    expect(scrollTo).not.toHaveBeenCalled();
    await user.click(screen.getByRole("button", { name: "Resume scrolling" }));
    expect(scrollTo).toHaveBeenCalled();
    expect(screen.queryByRole("button", { name: "Resume scrolling" })).not.toBeInTheDocument();
  });

  it("goes on after a jump, which is where the reader wants to be", async () => {
    const { user, playTo, box } = show(linesOf(20));
    playTo(1);
    fireEvent.wheel(box());
    await user.click(timeButton("Line 7 of the talk"));
    expect(screen.queryByRole("button", { name: "Resume scrolling" })).not.toBeInTheDocument();
  });
});

describe("search", () => {
  const field = () => screen.getByRole("searchbox", { name: "Search in the transcript" });
  const status = () => document.querySelector("search [role=status]");
  const shown = () => document.querySelector("mark[data-shown]")?.closest("li");

  it("marks, counts and goes through all places", async () => {
    const { user } = show(linesOf(30));
    await user.type(field(), "line 2");
    await waitFor(() => expect(status()).toHaveTextContent("1 of 11"));
    expect(document.querySelectorAll("mark")).toHaveLength(11);
    expect(shown()).toHaveTextContent("Line 2 of");
    await user.keyboard("{Enter}");
    expect(shown()).toHaveTextContent("Line 20 of");
    await user.keyboard("{Shift>}{Enter}{Enter}{/Shift}");
    expect(shown()).toHaveTextContent("Line 29 of");
    expect(status()).toHaveTextContent("11 of 11");
    await user.click(screen.getByRole("button", { name: "Next match" }));
    expect(status()).toHaveTextContent("1 of 11");
    await user.click(screen.getByRole("button", { name: "Previous match" }));
    expect(status()).toHaveTextContent("11 of 11");
  });

  it("shows the place in the box, and follows no more", async () => {
    const { user, playTo } = show(linesOf(2000));
    playTo(1);
    await user.type(field(), "line 1234");
    await waitFor(() => expect(status()).toHaveTextContent("1 of 1"));
    expect(scrolledTo()).toBeGreaterThan(1200 * LINE_PX);
    expect(screen.getByRole("button", { name: "Resume scrolling" })).toBeInTheDocument();
    scrollTo.mockClear();
    await user.keyboard("{Enter}");
    expect(scrollTo).toHaveBeenCalled();
  });

  it("brings the box into the window, which following does not", async () => {
    const { user, playTo, box } = show(linesOf(20));
    const scrollIntoView = vi.spyOn(box(), "scrollIntoView");
    playTo(1);
    expect(scrollIntoView).not.toHaveBeenCalled();
    await user.type(field(), "line 12");
    await waitFor(() => expect(status()).toHaveTextContent("1 of 1"));
    expect(scrollIntoView).toHaveBeenCalledWith({ block: "nearest" });
  });

  it("says when nothing was found, and can be cleared", async () => {
    const { user } = show(linesOf(5));
    await user.type(field(), "whale");
    await waitFor(() => expect(status()).toHaveTextContent("No matches"));
    expect(screen.getByRole("button", { name: "Next match" })).toBeDisabled();
    await user.click(screen.getByRole("button", { name: "Clear search" }));
    expect(field()).toHaveValue("");
    expect(field()).toHaveFocus();
    await user.type(field(), "talk{Escape}");
    expect(field()).toHaveValue("");
  });

  it("takes Ctrl+F where the browser would miss lines, and leaves it the second one", () => {
    show(linesOf(3000));
    expect(fireEvent.keyDown(document.body, { key: "f", ctrlKey: true })).toBe(false);
    expect(field()).toHaveFocus();
    expect(fireEvent.keyDown(field(), { key: "f", ctrlKey: true })).toBe(true);
  });

  it("leaves Ctrl+F alone where all lines are in the page", () => {
    show(linesOf(100));
    expect(fireEvent.keyDown(document.body, { key: "f", ctrlKey: true })).toBe(true);
    expect(field()).not.toHaveFocus();
  });
});

describe("copying", () => {
  const toasts = () => useToasts.getState().toasts.map(({ text }) => text);
  // Not before the page is rendered: `userEvent.setup` brings a clipboard of its own.
  const clipboard = (writeText: () => Promise<void>) =>
    vi.spyOn(navigator.clipboard, "writeText").mockImplementation(writeText);

  it("takes a line with its time and link", async () => {
    const { user } = show(linesOf(30));
    const write = clipboard(async () => {});
    await user.click(screen.getByRole("button", { name: "Copy the line at 1:20 with a link" }));
    expect(write).toHaveBeenCalledWith("1:20 Line 20 of the talk\nhttps://www.youtube.com/watch?v=Q7mZ2k-x9Lw&t=80s");
    expect(toasts()).toEqual(["Line copied."]);
  });

  it("takes everything", async () => {
    const { user } = show(linesOf(2));
    const write = clipboard(async () => {});
    await user.click(screen.getByRole("button", { name: "Copy transcript" }));
    expect(write).toHaveBeenCalledWith(
      "A lens\nhttps://www.youtube.com/watch?v=Q7mZ2k-x9Lw\n\n0:00 Line 0 of the talk\n0:04 Line 1 of the talk",
    );
    expect(toasts()).toEqual(["Transcript copied."]);
  });

  it("leaves it to the reader where the browser forbids it", async () => {
    const { user } = show(linesOf(3));
    clipboard(() => Promise.reject(new Error("not allowed")));
    await user.click(screen.getByRole("button", { name: "Copy the line at 0:04 with a link" }));
    const text = await screen.findByRole("textbox", { name: "Text to copy" });
    expect(text).toHaveFocus();
    expect(text).toHaveValue("0:04 Line 1 of the talk\nhttps://www.youtube.com/watch?v=Q7mZ2k-x9Lw&t=4s");
    expect(screen.getByRole("alert")).toHaveTextContent("Please copy the selected text yourself");
    expect(toasts()).toEqual([]);
    await user.click(screen.getByRole("button", { name: "Close" }));
    expect(text).not.toBeInTheDocument();
  });

  it("waits with everything until everything is there", () => {
    show(linesOf(1000), { isWhole: false });
    expect(screen.getByRole("button", { name: "Copy transcript" })).toBeDisabled();
    expect(screen.getByText("1,000 lines loaded, loading more …")).toBeInTheDocument();
  });
});

describe("without all lines", () => {
  it("says that they are being loaded", () => {
    show([], { isPending: true, isWhole: false });
    expect(screen.getByRole("status")).toHaveTextContent("Loading the transcript");
  });

  it("says why there are none", () => {
    show([]);
    expect(screen.getByText("No captions.")).toBeInTheDocument();
    expect(screen.queryByRole("searchbox")).not.toBeInTheDocument();
  });

  it("keeps what is there when the rest cannot be loaded", async () => {
    const { user, captions } = show(linesOf(10), { isWhole: false, error: new Error("away") });
    expect(screen.getAllByRole("listitem")).toHaveLength(10);
    expect(screen.getByText("The transcript could not be loaded completely.")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(captions.retry).toHaveBeenCalledOnce();
  });
});
