import { act, screen } from "@testing-library/react";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { UpstreamPaused } from "../../state/messages";
import { applyMessages, resetProgress } from "../../state/progress";
import { aPause } from "../../test/live";
import { renderWithApp } from "../../test/render";
import { PauseNotice } from "./PauseNotice";

const AT_1410 = new Date(2026, 10, 23, 14, 10).toISOString();

beforeEach(() => {
  vi.useFakeTimers({ now: new Date(2026, 10, 23, 14, 0) });
});

afterEach(() => {
  vi.useRealTimers();
  resetProgress();
});

function show(known: Partial<UpstreamPaused>, language: "en" | "de" = "en") {
  applyMessages([aPause(known)]);
  renderWithApp(<PauseNotice />, { language });
  return screen.getByRole("status");
}

it("says until when, and no longer than that", () => {
  expect(show({ resume_at: AT_1410 })).toHaveTextContent("YouTube is limiting requests. Imports continue at 14:10.");
  act(() => vi.advanceTimersByTime(10 * 60_000 + 100));
  expect(screen.getByRole("status")).toHaveTextContent("YouTube is limiting requests. Imports continue automatically.");
});

it("says it in German", () => {
  expect(show({ resume_at: AT_1410 }, "de")).toHaveTextContent(
    "YouTube begrenzt die Anfragen. Importe werden um 14:10",
  );
});

it("says when a changed YouTube is tried again", () => {
  expect(show({ reason: "extractor_outdated", resume_at: AT_1410 })).toHaveTextContent(
    "YouTube has changed. Vidferry waits and tries again at 14:10",
  );
});

it("uses the server's words where nobody knows until when, or somebody has to act", () => {
  const message = "Imports are paused until you resume them.";
  expect(show({ reason: "operator", resume_at: AT_1410, message })).toHaveTextContent(message);
});

it("is gone with the pause", () => {
  const notice = show({});
  act(() => void applyMessages([{ type: "upstream_resumed", upstream: "youtube" }]));
  expect(notice).toBeEmptyDOMElement();
});
