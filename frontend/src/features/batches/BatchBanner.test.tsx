import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, describe, expect, it } from "vitest";
import type { Language } from "../../api/types";
import type { LiveMessage } from "../../state/messages";
import { applyMessages, resetProgress, useProgressStore } from "../../state/progress";
import type { ApiHandlers } from "../../test/api";
import { refuse } from "../../test/api";
import { BATCH_ID, LIST_ID } from "../../test/data";
import { batchComplete, batchProgress } from "../../test/live";
import { renderWithApp } from "../../test/render";
import { useToasts } from "../../ui/toasts";
import { BatchBanner } from "./BatchBanner";

const ACCEPTED = { batch_id: BATCH_ID, requested: "pause" };
const HANDLERS: ApiHandlers = {
  "POST /api/batches/{id}/pause": ACCEPTED,
  "POST /api/batches/{id}/resume": ACCEPTED,
  "POST /api/batches/{id}/cancel": ACCEPTED,
  "POST /api/batches/{id}/retry-failed": ACCEPTED,
};

afterEach(() => {
  resetProgress();
  useToasts.setState({ toasts: [] });
});

function show(messages: LiveMessage[], options: { language?: Language; api?: ApiHandlers } = {}) {
  applyMessages(messages);
  return renderWithApp(<BatchBanner listId={LIST_ID} />, {
    ...options,
    api: { ...HANDLERS, ...options.api },
  });
}

const asked = (requests: { method: string; path: string }[]) =>
  requests.filter(({ method }) => method === "POST").map(({ path }) => path.split("/").at(-1));

describe("an import of many videos that is under way", () => {
  it("says how far it is, in words and as a progress bar", () => {
    show([batchProgress({ imported: 37, total: 120, progress: 31 })]);
    expect(screen.getByText("37 of 120 imported")).toBeInTheDocument();
    const bar = screen.getByRole("progressbar", { name: "Import of The Lamp Room" });
    expect(bar).toHaveAttribute("aria-valuenow", "31");
    expect(bar).toHaveAttribute("aria-valuetext", "37 of 120 imported");
  });

  it("is paused and continued", async () => {
    const { user, requests } = show([batchProgress()]);
    await user.click(screen.getByRole("button", { name: "Pause the import of The Lamp Room" }));
    await user.click(await screen.findByRole("button", { name: "Resume the import of The Lamp Room" }));
    await screen.findByRole("button", { name: "Pause the import of The Lamp Room" });
    expect(asked(requests)).toEqual(["pause", "resume"]);
  });

  it("is cancelled only when somebody is sure", async () => {
    const { user, requests } = show([batchProgress({ queued: 1 })]);
    const cancel = screen.getByRole("button", { name: "Cancel the import of The Lamp Room" });
    await user.click(cancel);
    expect(screen.getByRole("dialog")).toHaveTextContent("1 video that has not started is not imported.");
    await user.click(screen.getByRole("button", { name: "Keep importing" }));
    expect(asked(requests)).toEqual([]);
    await user.click(cancel);
    await user.click(screen.getByRole("button", { name: "Cancel the import" }));
    expect(await screen.findByText(/^Cancelled; finishing videos that have started/)).toBeInTheDocument();
    expect(asked(requests)).toEqual(["cancel"]);
    expect(screen.queryByRole("button")).toBeNull();
    expect(screen.getByRole("region", { name: "Import of The Lamp Room" })).toHaveFocus();
  });

  it("says why something could not be done", async () => {
    const detail = "This import is over already.";
    const { user } = show([batchProgress()], {
      api: { "POST /api/batches/{id}/pause": () => refuse(409, { detail }) },
    });
    await user.click(screen.getByRole("button", { name: /^Pause/ }));
    await waitFor(() => expect(useToasts.getState().toasts[0]?.text).toBe(detail));
  });

  it("says that YouTube's list is still being read", () => {
    show([batchProgress({ listing: "under_way", total: 230, announced: 412, imported: 12 })]);
    expect(screen.getByText("12 of 230 imported · 230 of 412 found so far")).toBeInTheDocument();
  });

  it.each([
    [{ title: null, kind: "file", source: "watch later.csv" }, "watch later.csv"],
    [{ title: null, kind: "urls", source: "", total: 12 }, "12 videos"],
    [{ title: null, kind: "playlist" }, "Playlist"],
    [{ title: null, kind: "channel" }, "Channel"],
  ] as const)("has a name for people: %o", (known, name) => {
    show([batchProgress(known)]);
    expect(screen.getByRole("region", { name: `Import of ${name}` })).toBeInTheDocument();
  });

  it("speaks German", () => {
    show([batchProgress({ imported: 37, total: 120 })], { language: "de" });
    expect(screen.getByText("37 von 120 importiert")).toBeInTheDocument();
  });
});

describe("an import that is over", () => {
  const over = batchComplete({ imported: 115, without_captions: 7, failed: 5, unavailable: 0, duplicates: 0 });

  it("sums up, and offers to try again what failed", async () => {
    const { user, requests } = show([over]);
    expect(screen.getByText("115 imported (7 without captions), 5 failed")).toBeInTheDocument();
    expect(screen.queryByRole("progressbar")).toBeNull();
    await user.click(screen.getByRole("button", { name: "Try again: failed videos of The Lamp Room" }));
    expect(await screen.findByRole("progressbar")).toBeInTheDocument();
    expect(asked(requests)).toEqual(["retry-failed"]);
  });

  it("offers to import what was cancelled", async () => {
    const { user, requests } = show([batchComplete({ state: "cancelled", failed: 0, cancelled: 3 })]);
    await user.click(screen.getByRole("button", { name: "Import the rest of The Lamp Room" }));
    expect(await screen.findByRole("progressbar")).toBeInTheDocument();
    expect(asked(requests)).toEqual(["retry-failed"]);
  });

  it("says why a list could not be read, and can be closed", async () => {
    const message = "YouTube does not show this playlist or channel.";
    const { user } = show([batchComplete({ failed: 0, message, listing: "failed" })]);
    expect(screen.getByText(message)).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Close the notice about The Lamp Room" }));
    expect(useProgressStore.getState().batches.size).toBe(0);
  });
});

describe("several imports", () => {
  const second = batchProgress({ batch_id: "2", title: "Harbours", imported: 2, total: 91, progress: 2 });

  it("are one line that can be opened", async () => {
    const { user } = show([batchProgress(), second]);
    expect(screen.getByText("2 imports")).toBeInTheDocument();
    expect(screen.getByText("100 of 500 imported")).toBeInTheDocument();
    expect(screen.getAllByRole("progressbar")).toHaveLength(1);
    await user.click(screen.getByRole("button", { name: "Show all", expanded: false }));
    const harbours = screen.getByRole("region", { name: "Import of Harbours" });
    expect(within(harbours).getByText("2 of 91 imported")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Show less", expanded: true }));
    expect(screen.queryByRole("region", { name: "Import of Harbours" })).toBeNull();
  });

  it("pass the focus on when their notices are closed: to the next one, and from the last one to the page", async () => {
    applyMessages([batchComplete(), batchComplete({ batch_id: "2", title: "Harbours" })]);
    const { user } = renderWithApp(
      <main tabIndex={-1}>
        <BatchBanner listId={LIST_ID} />
      </main>,
    );
    await user.click(screen.getByRole("button", { name: "Show all" }));
    await user.click(screen.getByRole("button", { name: "Close the notice about The Lamp Room" }));
    expect(screen.getByRole("region", { name: "Import of Harbours" })).toHaveFocus();
    await user.click(screen.getByRole("button", { name: "Close the notice about Harbours" }));
    expect(screen.getByRole("main")).toHaveFocus();
  });

  it("onto other lists are not shown here", () => {
    const { container } = show([batchProgress({ list_id: "another" })]);
    expect(container).toBeEmptyDOMElement();
  });
});

it("follows what is told", () => {
  show([batchProgress({ imported: 1, total: 4, progress: 25 })]);
  act(() => void applyMessages([batchProgress({ imported: 2, total: 4, progress: 50 })]));
  expect(screen.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "50");
});
