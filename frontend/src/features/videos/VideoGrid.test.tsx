import { act, configure, fireEvent, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { keys } from "../../api/keys";
import type { Video } from "../../api/types";
import { addPending } from "../../state/pendingVideos";
import { resetProgress } from "../../state/progress";
import { type ApiHandlers, refuse } from "../../test/api";
import { aConfig, aVideoPage, LIST_ID, videos } from "../../test/data";
import { renderWithApp } from "../../test/render";
import { useToasts } from "../../ui/toasts";
import { VideoGrid } from "./VideoGrid";

const PAGE_SIZE = 60;
/** Height of a row of cards, with the gap to the next one. */
const ROW = 20 + Math.round((((968 - 3 * 20) / 4) * 9) / 16 + 7.5 * 16);
const NEW = { import_stage: "created", import_progress: 0 } as const;

// Machines that do much at once take their time to lay out thousands of cards.
configure({ asyncUtilTimeout: 5000 });

/** The size that a real window would give the grid: four columns. */
beforeEach(() => {
  vi.spyOn(HTMLElement.prototype, "getBoundingClientRect").mockReturnValue(new DOMRect(0, 200, 968, 1000));
});

afterEach(() => {
  vi.restoreAllMocks();
  window.scrollTo(0, 0);
  resetProgress();
  useToasts.setState({ toasts: [] });
});

function pagesOf(all: Video[]) {
  return ({ query }: { query: URLSearchParams }) => {
    const from = Number(query.get("cursor") ?? 0);
    const end = from + PAGE_SIZE;
    return aVideoPage(all.slice(from, end), end < all.length ? String(end) : null);
  };
}

function show(all: Video[], api: ApiHandlers = {}) {
  const handlers = { "GET /api/lists/{id}/videos": pagesOf(all), ...api };
  const page = (
    <main tabIndex={-1}>
      <VideoGrid listId={LIST_ID} />
    </main>
  );
  return renderWithApp(page, { api: handlers });
}

const grid = () => screen.findByRole("list", { name: "Videos, newest first" });
const link = (name: string) => screen.getByRole("link", { name });

describe("the grid", () => {
  it("shows outlines in as many columns first, then the videos in their order", async () => {
    show(videos(3));
    const outlines = screen.getByRole("status");
    expect(outlines).toHaveTextContent("Loading videos");
    expect(outlines.style.gridTemplateColumns).toBe("repeat(4, minmax(0, 1fr))");
    const cards = within(await grid()).getAllByRole("article");
    expect(cards.map((card) => card.querySelector("h2")?.textContent)).toEqual(["Video 0", "Video 1", "Video 2"]);
  });

  it("says how to add the first video", async () => {
    show([]);
    expect(await screen.findByRole("heading", { name: "No videos yet" })).toBeInTheDocument();
    expect(screen.getByText(/Paste one or more links/)).toBeInTheDocument();
  });

  it("says in plain words that the videos could not be loaded, and tries again", async () => {
    let isGone = true;
    const answer = () => (isGone ? refuse(404, { detail: "This list does not exist." }) : aVideoPage(videos(1)));
    const { user } = show([], { "GET /api/lists/{id}/videos": answer });
    expect(await screen.findByText("This list does not exist.")).toBeInTheDocument();
    isGone = false;
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await grid()).toBeInTheDocument();
  });

  it("keeps only the cards near the window in the page, of however many", async () => {
    const { container } = show(videos(5000));
    const list = await grid();
    const height = () => Number.parseFloat(list.style.height);
    const count = () => container.querySelectorAll("li").length;
    expect(count()).toBeGreaterThan(8);
    expect(count()).toBeLessThan(60);
    for (let page = 2; page <= 3; page++) {
      const before = height();
      act(() => window.scrollTo(0, before - 2000));
      fireEvent.scroll(window);
      await waitFor(() => expect(height()).toBeGreaterThan(before));
    }
    expect(count()).toBeGreaterThan(8);
    expect(count()).toBeLessThan(60);
  });

  it("fetches further pages before the end is reached", async () => {
    const { requests } = show(videos(150));
    const list = await grid();
    const pages = () => requests.filter(({ path }) => path.endsWith("/videos")).length;
    expect(pages()).toBe(1);
    const before = Number.parseFloat(list.style.height);
    act(() => window.scrollTo(0, before - 2000));
    fireEvent.scroll(window);
    await waitFor(() => expect(pages()).toBe(2));
    await waitFor(() => expect(Number.parseFloat(list.style.height)).toBeGreaterThan(before));
  });

  it("shows what was added this moment on top, at once", async () => {
    show(videos(2));
    await grid();
    act(() => addPending(LIST_ID, ["freshvideo1"]));
    const [first] = screen.getAllByRole("article");
    expect(first).toHaveAttribute("data-video-id", "new:freshvideo1");
    await waitFor(() => expect(first).toHaveAttribute("data-state", "importing"));
  });
});

describe("the feature flag", () => {
  it("off at run time: no overlays", async () => {
    show(videos(1, NEW), { "GET /api/config": aConfig({ features: { import_progress: false } }) });
    await grid();
    expect(screen.queryByRole("progressbar")).toBeNull();
    expect(screen.getByRole("article")).toHaveAttribute("data-state", "importing");
  });

  it.each([
    ["says nothing of it", () => ({})],
    ["does not answer", () => refuse(404)],
  ])("on where the server %s", async (_what, config) => {
    show(videos(2, NEW), { "GET /api/config": config });
    await waitFor(() => expect(screen.getAllByRole("progressbar")).toHaveLength(2));
  });
});

describe("when cards come on top", () => {
  const many = Array.from({ length: 100 }, (_, place) => `fresh${String(place).padStart(6, "0")}`);

  beforeEach(() => {
    vi.mocked(HTMLElement.prototype.getBoundingClientRect).mockImplementation(
      () => new DOMRect(0, 200 - window.scrollY, 968, 1000),
    );
  });

  function scrollTo(y: number) {
    act(() => window.scrollTo(0, y));
    fireEvent.scroll(window);
  }

  it("the reader stays where he is", async () => {
    show(videos(60));
    await grid();
    scrollTo(200 + 5 * ROW + 30);
    act(() => addPending(LIST_ID, many));
    expect(window.scrollY).toBe(200 + 30 * ROW + 30);
    await waitFor(() => expect(link("Video 20")).toBeInTheDocument());
  });

  it("the reader stays with his card when they come one by one", async () => {
    show(videos(60));
    await grid();
    scrollTo(200 + 5 * ROW);
    for (const id of many.slice(0, 8)) act(() => addPending(LIST_ID, [id]));
    expect(window.scrollY).toBe(200 + 7 * ROW);
  });

  it("they are seen at the top of the list", async () => {
    show(videos(60));
    await grid();
    scrollTo(150);
    act(() => addPending(LIST_ID, many));
    expect(window.scrollY).toBe(150);
    expect(screen.getAllByRole("article")[0]).toHaveAttribute("data-video-id", `new:${many[0]}`);
  });

  it("the focus stays on its card, which stays in the page", async () => {
    const { user } = show(videos(60));
    await grid();
    const focused = link("Video 1");
    act(() => focused.focus());
    act(() => addPending(LIST_ID, many));
    expect(link("Video 1")).toBe(focused);
    expect(focused).toHaveFocus();
    expect(focused.closest("li")).toHaveAttribute("data-index", "101");
    await user.keyboard("{ArrowRight}");
    expect(link("Video 2")).toHaveFocus();
  });
});

describe("by keyboard", () => {
  /** What the Tab key stops at. */
  const stops = (container: Element) =>
    [...container.querySelectorAll<HTMLElement>("li :is(a, button)")]
      .filter((each) => each.tabIndex >= 0)
      .map((each) => each.getAttribute("aria-label") ?? each.textContent);

  it("Tab finds one card with its buttons, and comes back to it", async () => {
    const failed = videos(60, { import_stage: "error" });
    const { container, user } = show([...videos(1), ...failed.slice(1)]);
    await grid();
    expect(stops(container)).toEqual(["Video 0", "More actions: Video 0"]);
    await user.tab();
    expect(link("Video 0")).toHaveFocus();
    await user.keyboard("{ArrowRight}");
    expect(stops(container)).toEqual(["Video 1", "Try again: Video 1", "Remove Video 1"]);
    for (const _ of stops(container)) await user.tab();
    expect(document.body).toHaveFocus();
    await user.tab({ shift: true });
    expect(screen.getByRole("button", { name: "Remove Video 1" })).toHaveFocus();
  });

  it("Tab finds the first card in sight where the last one is out of the page", async () => {
    const { container } = show(videos(60));
    await grid();
    act(() => link("Video 1").focus());
    act(() => document.querySelector("main")?.focus());
    act(() => window.scrollTo(0, 200 + 10 * ROW));
    fireEvent.scroll(window);
    await waitFor(() => expect(screen.queryByRole("link", { name: "Video 1" })).toBeNull());
    expect(stops(container)).toEqual(["Video 40", "More actions: Video 40"]);
  });

  it("arrows lead from card to card", async () => {
    const { user } = show(videos(10));
    await grid();
    link("Video 0").focus();
    await user.keyboard("{ArrowRight}");
    expect(link("Video 1")).toHaveFocus();
    await user.keyboard("{ArrowDown}");
    expect(link("Video 5")).toHaveFocus();
    await user.keyboard("{End}");
    expect(link("Video 9")).toHaveFocus();
    await user.keyboard("{Home}");
    expect(link("Video 0")).toHaveFocus();
  });

  it("reaches the last card loaded, which is not in the page yet", async () => {
    const { user } = show(videos(60));
    await grid();
    expect(screen.queryByRole("link", { name: "Video 59" })).toBeNull();
    link("Video 0").focus();
    await user.keyboard("{End}");
    expect(link("Video 59")).toHaveFocus();
  });

  it("reaches cards that are being imported, too", async () => {
    const { user } = show(videos(2, NEW));
    await waitFor(() => expect(screen.getAllByRole("progressbar")).toHaveLength(2));
    link("Video 0").focus();
    await user.keyboard("{ArrowRight}");
    expect(link("Video 1")).toHaveFocus();
  });

  it.each(["Delete", "Backspace"])("%s removes, goes on to the next card, and can be undone", async (key) => {
    const again = { ...(videos(3)[1] as Video), id: "00000000-0000-4000-8000-0000000000aa" };
    const { user, requests } = show(videos(3), {
      "DELETE /api/videos/{id}": undefined,
      "POST /api/lists/{id}/videos": again,
    });
    await grid();
    link("Video 1").focus();
    await user.keyboard(`{${key}}`);
    await waitFor(() => expect(screen.queryByRole("link", { name: "Video 1" })).toBeNull());
    expect(link("Video 2")).toHaveFocus();
    await waitFor(() => expect(useToasts.getState().toasts[0]?.text).toBe("Removed from the list"));
    expect(requests.filter(({ method }) => method === "DELETE").map(({ path }) => path)).toEqual([
      `/api/videos/${videos(3)[1]?.id}`,
    ]);
    act(() => useToasts.getState().toasts[0]?.action?.run());
    expect(await screen.findByRole("link", { name: "Video 1" })).toBeInTheDocument();
    expect(requests.at(-1)).toMatchObject({ method: "POST", body: { url: again.url } });
  });

  it("goes on with the page where the last card goes", async () => {
    const { user } = show(videos(1), { "DELETE /api/videos/{id}": undefined });
    await grid();
    link("Video 0").focus();
    await user.keyboard("{Delete}");
    expect(await screen.findByRole("heading", { name: "No videos yet" })).toBeInTheDocument();
    expect(screen.getByRole("main")).toHaveFocus();
  });
});

describe("another attempt", () => {
  it("is asked of the server, whose refusal is told in its words", async () => {
    const failed = videos(1, { import_stage: "error", error_message: "This video is private." });
    const refusal = () => refuse(409, { code: "import_complete", detail: "This video is complete already." });
    const { user } = show(failed, { "POST /api/videos/{id}/retry": refusal });
    await grid();
    await user.click(screen.getByRole("button", { name: "Try again: Video 0" }));
    await waitFor(() => expect(useToasts.getState().toasts[0]?.text).toBe("This video is complete already."));
  });

  it("leaves the focus on its card", async () => {
    const [video] = videos(1);
    const { user } = show(videos(1, { import_stage: "error" }), {
      "POST /api/videos/{id}/retry": { ...video, ...NEW },
    });
    await grid();
    screen.getByRole("button", { name: "Try again: Video 0" }).focus();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.getByRole("article")).toHaveAttribute("data-state", "importing"));
    expect(link("Video 0")).toHaveFocus();
  });
});

describe("refusals", () => {
  const told = () => useToasts.getState().toasts.map(({ text }) => text);
  const later = () => {
    const answers: (() => void)[] = [];
    const handler = ({ params }: { params: Record<string, string> }) =>
      new Promise((resolve) => {
        answers.push(() => resolve(refuse(409, { detail: `Not ${Number(params.id?.slice(-6))}.` })));
      });
    return { answers, handler };
  };

  it("are told of each of several attempts", async () => {
    const { answers, handler } = later();
    const { user } = show(videos(2, { import_stage: "error" }), { "POST /api/videos/{id}/retry": handler });
    await grid();
    for (const place of [0, 1]) await user.click(screen.getByRole("button", { name: `Try again: Video ${place}` }));
    await waitFor(() => expect(answers).toHaveLength(2));
    for (const answer of answers) answer();
    await waitFor(() => expect(told()).toEqual(["Not 0.", "Not 1."]));
  });

  it("are told when another list is open already", async () => {
    const { answers, handler } = later();
    const { user, unmount } = show(videos(2), { "DELETE /api/videos/{id}": handler });
    await grid();
    link("Video 0").focus();
    await user.keyboard("{Delete}");
    await waitFor(() => expect(answers).toHaveLength(1));
    unmount();
    answers[0]?.();
    await waitFor(() => expect(told()).toEqual(["Not 0."]));
  });
});

describe("a list that cannot be brought up to date", () => {
  it("is read again when somebody asks for it", async () => {
    let isAway = false;
    let all = videos(1);
    const answer = () => (isAway ? refuse(404, { detail: "Not now." }) : aVideoPage(all));
    const { user, queryClient } = show([], { "GET /api/lists/{id}/videos": answer });
    await grid();
    isAway = true;
    await act(() => queryClient.invalidateQueries({ queryKey: keys.videos(LIST_ID) }));
    await screen.findByText("Not now.");
    isAway = false;
    all = videos(2);
    await user.click(screen.getByRole("button", { name: "Try again" }));
    await waitFor(() => expect(link("Video 1")).toBeInTheDocument());
    expect(screen.queryByText("Not now.")).toBeNull();
  });
});
