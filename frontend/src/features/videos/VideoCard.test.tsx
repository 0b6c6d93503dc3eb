import { act, fireEvent, screen } from "@testing-library/react";
import { Profiler } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ImportProgress, Video } from "../../api/types";
import type { LiveMessage } from "../../state/messages";
import { applyMessages, resetProgress } from "../../state/progress";
import { aVideo, VIDEO_ID, YOUTUBE_ID } from "../../test/data";
import { renderWithApp } from "../../test/render";
import { VideoCard } from "./VideoCard";

const NEW = { import_stage: "created", import_progress: 0, title: null, duration_seconds: null } as const;
const NOW = new Date(2026, 10, 23, 14, 0);
const AT_1410 = new Date(2026, 10, 23, 14, 10).toISOString();

const onRetry = vi.fn();
const onRemove = vi.fn();

beforeEach(() => {
  vi.useFakeTimers({ now: NOW, toFake: ["Date", "setTimeout", "clearTimeout"] });
});

afterEach(() => {
  vi.useRealTimers();
  vi.clearAllMocks();
  resetProgress();
});

function show(known: Partial<Video> = {}, options: { showProgress?: boolean; language?: "en" | "de" } = {}) {
  const { language = "en", showProgress } = options;
  const ui = <VideoCard video={aVideo(known)} showProgress={showProgress} onRetry={onRetry} onRemove={onRemove} />;
  const rendered = renderWithApp(ui, { language });
  return { ...rendered, card: screen.getByRole("article") };
}

function tell(...messages: LiveMessage[]) {
  act(() => void applyMessages(messages));
}

function progress(known: Partial<ImportProgress>): ImportProgress {
  return {
    type: "import_progress",
    video_id: VIDEO_ID,
    youtube_id: YOUTUBE_ID,
    stage: "metadata",
    progress: 25,
    seq: 1,
    ...known,
  };
}

describe("a complete card", () => {
  it("is a link with title, channel, length and date, and no ring", () => {
    const { card } = show();
    expect(card).toHaveAttribute("data-state", "complete");
    expect(screen.getByRole("link", { name: "How a Fresnel lens is ground" })).toHaveAttribute(
      "href",
      `/videos/${VIDEO_ID}`,
    );
    expect(card).toHaveTextContent("The Lamp Room");
    expect(card).toHaveTextContent("12:34");
    expect(card).toHaveTextContent("9 March 2025");
    expect(screen.queryByRole("progressbar")).toBeNull();
    expect(screen.queryByRole("img", { name: /captions/ })).toBeNull();
  });

  it("is what a video without fields of the import gets", () => {
    const { import_stage: _stage, import_progress: _progress, captions_source: _source, ...older } = aVideo();
    renderWithApp(<VideoCard video={older as Video} onRetry={onRetry} onRemove={onRemove} />);
    expect(screen.getByRole("article")).toHaveAttribute("data-state", "complete");
  });

  it("fetches its picture late, in a known size, and has a neutral one where that fails", () => {
    const { card } = show();
    const picture = card.querySelector("img") as HTMLImageElement;
    expect(picture).toHaveAttribute("loading", "lazy");
    expect(picture).toHaveAttribute("width", "320");
    expect(picture).toHaveAttribute("height", "180");
    fireEvent.error(picture);
    expect(card.querySelector("img")).toBeNull();
    expect(screen.getByTestId("no-thumbnail")).toBeInTheDocument();
  });

  it.each([
    [320, 0],
    [120, 1],
  ])("replaces the picture that YouTube has for unknown videos, %i pixels wide", (width, count) => {
    const { card } = show();
    const picture = card.querySelector("img") as HTMLImageElement;
    vi.spyOn(picture, "naturalWidth", "get").mockReturnValue(width);
    fireEvent.load(picture);
    expect(screen.queryAllByTestId("no-thumbnail")).toHaveLength(count);
  });
});

describe("a partial card", () => {
  it("has a small mark that says why there are no captions", () => {
    const message = "Captions are switched off for this video.";
    const { card } = show({ captions_source: "none", captions_missing_message: message });
    expect(card).toHaveAttribute("data-state", "partial");
    expect(screen.getByRole("img", { name: message })).toHaveAttribute("title", message);
    expect(screen.getByRole("link", { name: "How a Fresnel lens is ground" })).toBeInTheDocument();
  });

  it("says so without a reason, too", () => {
    show({ captions_source: "none" }, { language: "de" });
    expect(screen.getByRole("img", { name: "Keine Untertitel" })).toBeInTheDocument();
  });
});

describe("an importing card", () => {
  it("has a ring, and can be opened", () => {
    const { card } = show(NEW);
    expect(card).toHaveAttribute("data-state", "importing");
    const link = screen.getByRole("link", { name: `youtu.be/${YOUTUBE_ID}` });
    expect(link).toHaveAttribute("href", `/videos/${VIDEO_ID}`);
    expect(screen.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "0");
    expect(card).toHaveTextContent("Queued");
  });

  it.each([
    ["metadata", 25, "Fetching captions"],
    ["captions", 30, "Downloading audio"],
    ["captions", 45, "Transcribing audio"],
    ["captions", 60, "Reading chapters"],
    ["chapters", 90, "Almost done"],
  ] as const)("follows its progress: %s %i", (stage, percent, words) => {
    const { card } = show(NEW);
    tell(progress({ stage, progress: percent }));
    expect(screen.getByRole("progressbar")).toHaveAttribute("aria-valuenow", String(percent));
    expect(card).toHaveTextContent(words);
  });

  it("becomes a card to click", () => {
    const { card } = show(NEW);
    tell(progress({ stage: "complete", progress: 100 }));
    expect(card).toHaveAttribute("data-state", "complete");
    expect(screen.queryByRole("progressbar")).toBeNull();
    expect(screen.getByRole("link")).toHaveAttribute("href", `/videos/${VIDEO_ID}`);
  });

  it("keeps the focus when the import ends", () => {
    const { history } = show(NEW);
    const link = screen.getByRole("link");
    link.focus();
    tell(progress({ stage: "complete", progress: 100 }));
    expect(screen.getByRole("link")).toHaveFocus();
    fireEvent.click(screen.getByRole("link"));
    expect(history.at(-1)).toBe(`/videos/${VIDEO_ID}`);
  });

  it("renders for its own progress only", () => {
    const onRender = vi.fn();
    const video = aVideo(NEW);
    renderWithApp(
      <Profiler id="card" onRender={onRender}>
        <VideoCard video={video} onRetry={onRetry} onRemove={onRemove} />
      </Profiler>,
    );
    onRender.mockClear();
    tell(progress({ video_id: "00000000-0000-4000-8000-000000000001", progress: 60 }));
    expect(onRender).not.toHaveBeenCalled();
    tell(progress({ progress: 60 }));
    expect(onRender).toHaveBeenCalledOnce();
  });

  it("offers nothing before the server knows it", () => {
    show({ ...NEW, id: `new:${YOUTUBE_ID}` });
    expect(screen.queryByRole("button")).toBeNull();
  });
});

describe("a failed card", () => {
  const failed = { ...NEW, import_stage: "error", error_code: "video_private" } as const;

  it("says in plain words why, and offers to retry and to remove", () => {
    const { card } = show({ ...failed, error_message: "This video is private." });
    expect(card).toHaveAttribute("data-state", "error");
    expect(screen.getByText("This video is private.")).toHaveAttribute("title", "This video is private.");
    fireEvent.click(screen.getByRole("button", { name: /^Try again/ }));
    expect(onRetry).toHaveBeenCalledWith(expect.objectContaining({ id: VIDEO_ID }));
    fireEvent.click(screen.getByRole("button", { name: /^Remove/ }));
    expect(onRemove).toHaveBeenCalledWith(expect.objectContaining({ id: VIDEO_ID }));
    expect(screen.queryByRole("progressbar")).toBeNull();
  });

  it("takes the words of the message that came live", () => {
    const { card } = show(NEW);
    tell(progress({ stage: "error", progress: 25, message: "This video is private.", error_code: "video_private" }));
    expect(card).toHaveAttribute("data-state", "error");
    expect(screen.getByText("This video is private.")).toBeInTheDocument();
  });

  it("has words of its own where nobody said any", () => {
    show({ ...failed, error_message: null }, { language: "de" });
    expect(screen.getByText("Dieses Video konnte nicht importiert werden.")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: /^Erneut versuchen/ })).toBeInTheDocument();
  });
});

describe("a waiting card", () => {
  const pause = { type: "upstream_paused", upstream: "youtube", message: "" } as const;

  it("says until when YouTube is limiting requests, and pulses", () => {
    const { card } = show(NEW);
    tell({ ...pause, reason: "bot_check", resume_at: AT_1410 });
    expect(card).toHaveAttribute("data-state", "waiting");
    expect(screen.getByText("YouTube is limiting requests – continues at 14:10")).toBeInTheDocument();
    const ring = screen.getByRole("progressbar");
    expect(ring).toHaveAttribute("data-waiting");
    expect(ring).toHaveAttribute("aria-valuetext", "YouTube is limiting requests – continues at 14:10, 0%");
  });

  it("says so in German", () => {
    show(NEW, { language: "de" });
    tell({ ...pause, reason: "rate_limited", resume_at: AT_1410 });
    expect(screen.getByText("YouTube begrenzt die Anfragen – weiter um 14:10 Uhr")).toBeInTheDocument();
  });

  it("goes on when the pause is over", () => {
    const { card } = show(NEW);
    tell({ ...pause, reason: "rate_limited", resume_at: null });
    expect(screen.getByText("YouTube is limiting requests")).toBeInTheDocument();
    tell({ type: "upstream_resumed", upstream: "youtube" });
    expect(card).toHaveAttribute("data-state", "importing");
  });

  it("names no time that has passed", () => {
    show(NEW);
    tell(progress({ progress: 0, error_code: "upstream_unavailable", retry_at: AT_1410 }));
    expect(screen.getByText("YouTube cannot be reached – next attempt at 14:10")).toBeInTheDocument();
    act(() => void vi.advanceTimersByTime(11 * 60_000));
    expect(screen.getByText("YouTube cannot be reached – retrying automatically")).toBeInTheDocument();
  });

  it("takes the server's words for what it does not know", () => {
    show(NEW);
    tell(progress({ progress: 0, retry_at: AT_1410, message: "Imports are paused until you resume them." }));
    expect(screen.getByText("Imports are paused until you resume them.")).toBeInTheDocument();
  });
});

describe("a premiere and a live stream", () => {
  it("say when it starts, without a ring", () => {
    const { card } = show(NEW);
    tell(progress({ stage: "created", progress: 0, error_code: "upcoming", retry_at: AT_1410 }));
    expect(card).toHaveAttribute("data-state", "upcoming");
    expect(screen.getByText(/^Starts (at )?14:10$/)).toBeInTheDocument();
    expect(screen.queryByRole("progressbar")).toBeNull();
  });

  it("say that it is live", () => {
    const { card } = show(NEW);
    tell(progress({ stage: "created", progress: 0, error_code: "live_now" }));
    expect(card).toHaveAttribute("data-state", "live");
    expect(screen.getByText("Live now")).toBeInTheDocument();
    expect(screen.getByText("Imported after the stream ends")).toBeInTheDocument();
  });
});

describe("with the flag off", () => {
  it("a card has no overlay, and everything else goes on", () => {
    const { card } = show({ ...NEW, title: "Lamps" }, { showProgress: false });
    tell(progress({ stage: "captions", progress: 60 }));
    expect(screen.queryByRole("progressbar")).toBeNull();
    expect(card).toHaveTextContent("Reading chapters");
    tell(progress({ stage: "complete", progress: 100, seq: 2 }));
    expect(card).toHaveAttribute("data-state", "complete");
  });
});

describe("an import progress that is handed in", () => {
  it("is shown in the place of what came live", () => {
    const importProgress = { stage: "captions", progress: 60 } as const;
    renderWithApp(
      <VideoCard video={aVideo(NEW)} importProgress={importProgress} onRetry={onRetry} onRemove={onRemove} />,
    );
    tell(progress({ progress: 25 }));
    expect(screen.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "60");
  });
});
