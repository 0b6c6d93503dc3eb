import { act, screen } from "@testing-library/react";
import { describe, expect, it, vi } from "vitest";
import { renderWithApp } from "../../test/render";
import { Chapters } from "./Chapters";
import { createPlayback } from "./playback";

const CHAPTERS = [
  { title: "The glass", start_seconds: 0, end_seconds: 95 },
  { title: "Grinding", start_seconds: 95, end_seconds: null },
];

function show(chapters = CHAPTERS) {
  const playback = createPlayback();
  const onJump = vi.fn();
  const rendered = renderWithApp(<Chapters chapters={chapters} playback={playback} onJump={onJump} />);
  return { ...rendered, onJump, playTo: (seconds: number) => act(() => playback.setState({ seconds })) };
}

describe("Chapters", () => {
  it("play the video from there", async () => {
    const { user, onJump } = show();
    await user.click(screen.getByRole("button", { name: "1:35 Grinding" }));
    expect(onJump).toHaveBeenCalledExactlyOnceWith(95);
  });

  it("mark the one that is played", () => {
    const { playTo } = show();
    expect(document.querySelector("[aria-current]")).toBeNull();
    playTo(94);
    expect(screen.getByRole("button", { current: true })).toHaveTextContent("The glass");
    playTo(95);
    expect(screen.getByRole("button", { current: true })).toHaveTextContent("Grinding");
  });

  it("say when there are none", () => {
    show([]);
    expect(screen.getByText("This video has no chapters.")).toBeInTheDocument();
    expect(screen.queryByRole("list")).not.toBeInTheDocument();
  });
});
