import { screen } from "@testing-library/react";
import { describe, expect, it } from "vitest";
import { renderWithApp } from "../../test/render";
import { ProgressOverlay } from "./ProgressOverlay";

const CIRCUMFERENCE = 2 * Math.PI * 40;

function show(progress: number, isWaiting = false, language: "en" | "de" = "en") {
  const status = "Fetching captions";
  const ui = (
    <ProgressOverlay progress={progress} stage="metadata" title="Lamps" status={status} isWaiting={isWaiting} />
  );
  const { container } = renderWithApp(ui, { language });
  const offset = Number(container.querySelectorAll("circle")[1]?.getAttribute("stroke-dashoffset"));
  return { bar: screen.getByRole("progressbar"), drawn: 1 - offset / CIRCUMFERENCE };
}

describe("the ring", () => {
  it.each([
    [0, 0],
    [25, 25],
    [41.6, 42],
    [100, 100],
    [-5, 0],
    [130, 100],
  ])("%d is shown as %i %%", (progress, percent) => {
    const { bar, drawn } = show(progress);
    expect(bar).toHaveAttribute("aria-valuenow", String(percent));
    expect(bar).toHaveAttribute("aria-valuemin", "0");
    expect(bar).toHaveAttribute("aria-valuemax", "100");
    expect(bar).toHaveTextContent(`${percent}%`);
    expect(drawn).toBeCloseTo(percent / 100);
  });

  it("has a name and says in words what happens", () => {
    const { bar } = show(60);
    expect(bar).toHaveAccessibleName("Import of Lamps");
    expect(bar).toHaveAttribute("aria-valuetext", "Fetching captions, 60%");
    expect(bar).not.toHaveAttribute("data-waiting");
  });

  it("is marked while it waits, and speaks German", () => {
    const { bar } = show(60, true, "de");
    expect(bar).toHaveAttribute("data-waiting");
    expect(bar).toHaveAccessibleName("Import von Lamps");
    expect(bar).toHaveTextContent("60 %");
  });
});

it("needs progress and stage alone", () => {
  renderWithApp(<ProgressOverlay progress={25} stage="metadata" />);
  expect(screen.getByRole("progressbar", { name: "Fetching captions" })).toHaveAttribute("aria-valuenow", "25");
});
