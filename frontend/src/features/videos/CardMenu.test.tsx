import { act, fireEvent, screen, within } from "@testing-library/react";
import { afterEach, describe, expect, it, vi } from "vitest";
import { applyMessages, resetProgress } from "../../state/progress";
import { aVideo, VIDEO_ID, YOUTUBE_ID } from "../../test/data";
import { renderWithApp } from "../../test/render";
import { CardMenu } from "./CardMenu";
import { VideoCard } from "./VideoCard";

afterEach(() => resetProgress());

describe("a menu", () => {
  const entries = [
    { label: "As a table", href: "/export?format=csv", isDownload: true },
    { label: "Remove", onSelect: vi.fn() },
  ];

  it("opens by keyboard, moves by arrows, and closes with the focus back", () => {
    renderWithApp(<CardMenu label="More" entries={entries} />);
    const button = screen.getByRole("button", { name: "More" });
    expect(button).toHaveAttribute("aria-expanded", "false");
    fireEvent.keyDown(button, { key: "ArrowDown" });
    expect(button).toHaveAttribute("aria-expanded", "true");
    const menu = screen.getByRole("menu", { name: "More" });
    const [first, last] = within(menu).getAllByRole("menuitem");
    expect(first).toHaveFocus();
    fireEvent.keyDown(menu, { key: "ArrowUp" });
    expect(last).toHaveFocus();
    fireEvent.keyDown(menu, { key: "ArrowDown" });
    expect(first).toHaveFocus();
    fireEvent.keyDown(menu, { key: "Escape" });
    expect(screen.queryByRole("menu")).toBeNull();
    expect(button).toHaveFocus();
  });

  it("closes when the focus goes elsewhere", async () => {
    const { user } = renderWithApp(
      <>
        <CardMenu label="More" entries={entries} />
        <button type="button">Elsewhere</button>
      </>,
    );
    await user.click(screen.getByRole("button", { name: "More" }));
    await user.click(screen.getByRole("button", { name: "Elsewhere" }));
    expect(screen.queryByRole("menu")).toBeNull();
  });

  it("closes by its button, with the focus back, in browsers that give a pressed button no focus, too", async () => {
    renderWithApp(<CardMenu label="More" entries={entries} />);
    const button = screen.getByRole("button", { name: "More" });
    fireEvent.click(button);
    expect(screen.getByRole("menuitem", { name: "As a table" })).toHaveFocus();
    // Not prevented, it would take the focus out of the menu, which would close and open again with the click.
    expect(fireEvent.mouseDown(button)).toBe(false);
    fireEvent.click(button);
    expect(screen.queryByRole("menu")).toBeNull();
    expect(button).toHaveFocus();
  });

  it("does what was chosen", async () => {
    const { user } = renderWithApp(<CardMenu label="More" entries={entries} />);
    await user.click(screen.getByRole("button", { name: "More" }));
    expect(screen.getByRole("menuitem", { name: "As a table" })).toHaveAttribute("download");
    await user.click(screen.getByRole("menuitem", { name: "Remove" }));
    expect(entries[1]?.onSelect).toHaveBeenCalledOnce();
    expect(screen.queryByRole("menu")).toBeNull();
  });
});

describe("the menu of a card", () => {
  const labels = () => screen.getAllByRole("menuitem").map((item) => item.textContent);

  it("leads to YouTube, copies and removes", () => {
    renderWithApp(<VideoCard video={aVideo()} onRetry={vi.fn()} onRemove={vi.fn()} />);
    fireEvent.click(screen.getByRole("button", { name: "More actions: How a Fresnel lens is ground" }));
    expect(labels()).toEqual(["Watch on YouTube", "Copy link", "Remove"]);
  });

  it("offers another attempt where an import waits by itself", () => {
    const onRetry = vi.fn();
    const video = aVideo({ import_stage: "created", import_progress: 0 });
    renderWithApp(<VideoCard video={video} onRetry={onRetry} onRemove={vi.fn()} />);
    const waiting = { stage: "metadata", progress: 0, seq: 1, error_code: "upstream_unavailable" } as const;
    const message = { type: "import_progress", video_id: VIDEO_ID, youtube_id: YOUTUBE_ID, ...waiting } as const;
    act(() => void applyMessages([message]));
    fireEvent.click(screen.getByRole("button", { name: /^More actions/ }));
    fireEvent.click(screen.getByRole("menuitem", { name: "Try again now" }));
    expect(onRetry).toHaveBeenCalledWith(video);
  });
});
