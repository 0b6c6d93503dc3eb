import { screen, within } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { someDetails } from "../../test/data";
import { renderWithApp } from "../../test/render";
import type { CardImport } from "../videos/cardState";
import { ImportTimeline } from "./ImportTimeline";

const COMPLETE: CardImport = { state: "complete", progress: 100, reason: null, until: null, message: null };
type Props = Parameters<typeof ImportTimeline>[0];

function steps(known: Partial<Props> = {}, language: "en" | "de" = "en"): string[] {
  const props: Props = {
    video: someDetails(),
    shown: COMPLETE,
    status: null,
    chapterCount: undefined,
    ...known,
  };
  renderWithApp(<ImportTimeline {...props} />, { language });
  return within(screen.getByRole("list"))
    .getAllByRole("listitem")
    .map((item) => item.textContent ?? "");
}

describe("ImportTimeline", () => {
  it("tells a complete import, with the times that are known", () => {
    const stage_times = { metadata: "2026-11-23T08:01:02Z", complete: "2026-11-23T08:01:06Z" };
    const told = steps({ chapterCount: 2, video: someDetails({ stage_times }) });
    expect(told.map((step) => step.split(", done")[0])).toEqual([
      "Added to the list",
      "Title and description found",
      "Captions found on YouTube",
      "2 chapters found",
      "Complete",
    ]);
    const times = [...document.querySelectorAll("time")].map((time) => time.dateTime);
    expect(times).toEqual(["2026-11-23T08:01:00Z", stage_times.metadata, stage_times.complete]);
  });

  it.each([
    ["whisper", "Captions transcribed from the audio"],
    ["none", "No captions"],
    [null, "Captions checked"],
  ] as const)("tells captions from %s", (captions_source, expected) => {
    expect(steps({ video: someDetails({ captions_source }) })[2]).toContain(expected);
  });

  it("tells what goes on, and what is pending", () => {
    const told = steps({
      video: someDetails({ captions_source: null, stage_times: { metadata: "2026-11-23T08:01:02Z" } }),
      shown: { ...COMPLETE, state: "importing", progress: 42 },
      status: "Transcribing audio",
    });
    expect(told[1]).toMatch(/^Title and description found, done/);
    expect(told[2]).toBe("Captions, in progressTranscribing audio");
    expect(told[3]).toBe("Chapters, pending");
    expect(document.querySelectorAll("time")).toHaveLength(2);
  });

  it("tells a wait", () => {
    const shown: CardImport = { ...COMPLETE, state: "waiting", progress: 0 };
    expect(steps({ shown, status: "YouTube is limiting requests" })[1]).toBe(
      "Title and description, waitingYouTube is limiting requests",
    );
  });

  it("tells where and why an import ended", () => {
    const shown: CardImport = { ...COMPLETE, state: "error", progress: 25, message: "This video is private." };
    const told = steps({ shown, video: someDetails({ stage_times: { error: "2026-11-23T08:02:00Z" } }) });
    expect(told[2]).toMatch(/^Captions, failed.*Failed: This video is private\.$/);
    expect(told[4]).toBe("Completion, pending");
  });

  it("shows the cost of the transcription", () => {
    steps({ video: someDetails({ transcribed_seconds: 766, estimated_usd: 0.0236 }) });
    expect(screen.getByText("13 minutes of audio transcribed, cost about $0.0236.")).toBeInTheDocument();
  });

  it("speaks German", () => {
    expect(steps({ chapterCount: 0 }, "de")[3]).toMatch(/^Keine Kapitel, erledigt/);
  });
});
