import { QueryClientProvider } from "@tanstack/react-query";
import { act, fireEvent, renderHook, screen, waitFor, within } from "@testing-library/react";
import type { ReactNode } from "react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { ImportCreated, Preview } from "../../api/types";
import { makeQueryClient } from "../../data/queryClient";
import { pendingVideos } from "../../state/pendingVideos";
import { applyMessages, forgetComplete, resetProgress } from "../../state/progress";
import { type ApiHandlers, type ApiRequest, refuse } from "../../test/api";
import { aBatch, aList, aVideo, LIST_ID, YOUTUBE_ID } from "../../test/data";
import { anEvent } from "../../test/live";
import { renderWithApp } from "../../test/render";
import { aTransfer, drag } from "../../test/transfer";
import { useToasts } from "../../ui/toasts";
import { AddBar } from "./AddBar";
import { DropArea } from "./DropArea";
import { useAdding } from "./useAdding";

const ONE = `https://youtu.be/${YOUTUBE_ID}`;
const OTHER = "https://youtu.be/dBq4wT1rXgE";
const ADD = "POST /api/lists/{id}/videos";
const BATCH = "POST /api/lists/{id}/videos/batch";
const IMPORT = "POST /api/lists/{id}/imports";
const PREVIEW = "POST /api/lists/{id}/imports/preview";

function aPreview(known: Partial<Preview> = {}): Preview {
  return {
    kind: "urls",
    tab: null,
    title: null,
    total: 50,
    new: 40,
    duplicates: 10,
    invalid: 0,
    unavailable: 0,
    members_only: 0,
    filtered: 0,
    is_estimate: false,
    at_least: false,
    estimated_seconds: 180,
    estimated_finish_at: null,
    speech_to_text: null,
    warnings: [],
    ...known,
  };
}

function brought(known: Partial<ImportCreated> = {}): ImportCreated {
  const nothing = { duplicate_count: 0, duplicates: [], invalid_count: 0, invalid: [] };
  return { batch_id: aBatch().batch_id, kind: "file", source: "x.csv", created: 40, ...nothing, ...known };
}

const bar = (api: ApiHandlers) => renderWithApp(<AddBar listId={LIST_ID} />, { api });
const field = () => screen.getByRole<HTMLTextAreaElement>("textbox", { name: "Add videos" });
const paste = (text: string) => {
  fireEvent.change(field(), { target: { value: text } });
  fireEvent.keyDown(field(), { key: "Enter" });
};
const toasts = () => useToasts.getState().toasts.map(({ text }) => text);
const asked = (requests: ApiRequest[], method = "POST") => requests.filter((request) => request.method === method);
const aFile = () => new File(["url\n"], "lighthouses.csv", { type: "text/csv" });

function aWrapper() {
  const queryClient = makeQueryClient();
  return ({ children }: { children: ReactNode }) => (
    <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
  );
}

beforeEach(() => useToasts.setState({ toasts: [] }));
afterEach(resetProgress);

describe("the field", () => {
  it("adds one video at once", async () => {
    let answer: (video: unknown) => void = () => undefined;
    const { requests } = bar({ [ADD]: () => new Promise((resolve) => (answer = resolve)) });
    paste(ONE);
    await waitFor(() => expect(pendingVideos(LIST_ID)).toHaveLength(1));
    expect(field()).toHaveValue("");
    expect(field()).toHaveFocus();
    await waitFor(() => expect(asked(requests)).toHaveLength(1));
    await act(async () => answer(aVideo()));
    expect(asked(requests)[0]?.body).toEqual({ url: ONE });
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });

  it.each([
    ["complete", "The video you added has been imported"],
    ["error", "The video you added could not be imported"],
  ] as const)(
    "says what becomes of a video that is added, to whoever does not see its card: %s",
    async (stage, end) => {
      bar({ [ADD]: aVideo({ import_stage: "created" }) });
      paste(ONE);
      expect(await screen.findByText("Added")).toHaveRole("status");
      act(() => void applyMessages([anEvent({ seq: 1 }), anEvent({ seq: 2, stage })]));
      expect(screen.getByText(end)).toHaveRole("status");
      act(() => forgetComplete(aVideo().id));
      expect(screen.getByText(end)).toBeInTheDocument();
    },
  );

  it("says that a video is there already, and leads to it", async () => {
    const { history } = bar({ [ADD]: () => refuse(409, { code: "video_already_in_list", video: aVideo() }) });
    paste(ONE);
    await waitFor(() => expect(toasts()).toEqual(["This video is already in this list"]));
    act(() => useToasts.getState().toasts[0]?.action?.run());
    expect(history?.at(-1)).toBe(`/videos/${aVideo().id}`);
  });

  it("tells of two videos that were added shortly after one another", async () => {
    bar({ [ADD]: () => refuse(409, { code: "video_already_in_list", video: aVideo() }) });
    paste(ONE);
    paste(OTHER);
    await waitFor(() => expect(toasts()).toHaveLength(2));
  });

  it("gives back what the API refuses, and says why in its words", async () => {
    const errors = [{ field: "url", code: "not_youtube", message: "This is not the address of a YouTube video." }];
    const { user } = bar({ [ADD]: () => refuse(422, { code: "validation_failed", errors }) });
    paste("https://example.com/watch");
    expect(await screen.findByRole("alert")).toHaveTextContent("This is not the address of a YouTube video.");
    expect(field()).toHaveValue("https://example.com/watch");
    expect(field()).toBeInvalid();
    await user.type(field(), "x");
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  it("tells of a refusal wherever one has gone to meanwhile", async () => {
    let answer = () => {};
    const refusal = new Promise<Response>((resolve) => {
      answer = () => resolve(refuse(422, { code: "validation_failed", detail: "This is not a video." }));
    });
    const { unmount } = bar({ [ADD]: () => refusal });
    paste("https://youtu.be/Q7mZ2k-x9Lw");
    unmount();
    answer();
    await waitFor(() => expect(toasts()).toEqual([expect.stringContaining("This is not a video.")]));
  });

  it("lets a line be begun, and waits for words that are being composed", () => {
    const { requests } = bar({});
    fireEvent.change(field(), { target: { value: ONE } });
    fireEvent.keyDown(field(), { key: "Enter", shiftKey: true });
    fireEvent.keyDown(field(), { key: "Enter", isComposing: true });
    expect(asked(requests)).toHaveLength(0);
    fireEvent.change(field(), { target: { value: "a\nb\nc" } });
    expect(field()).toHaveAttribute("rows", "3");
  });

  it("looks at a playlist that only the API recognises", async () => {
    const errors = [{ field: "url", code: "playlist", message: "This address leads to a playlist." }];
    bar({ [ADD]: () => refuse(422, { errors }), [PREVIEW]: aPreview({ kind: "playlist", title: "Lamps" }) });
    paste("https://youtube.com/odd");
    expect(await screen.findByRole("dialog", { name: "Import Lamps?" })).toBeInTheDocument();
    expect(field()).toHaveValue("");
  });
});

describe("many videos", () => {
  it("are looked at, then added, and the result is told", async () => {
    const batch = { ...brought({ created: 1, duplicate_count: 1 }), videos: [aVideo()] };
    const { requests, user } = bar({ [PREVIEW]: aPreview(), [BATCH]: batch });
    paste(`${ONE},\n\n ${OTHER}`);
    const dialog = await screen.findByRole("dialog", { name: "Import these videos?" });
    expect(
      await within(dialog).findByText("50 entries found, 10 already in this list, about 3 minutes"),
    ).toBeInTheDocument();
    expect(within(dialog).getByRole("button", { name: "Import 40 videos" })).toHaveFocus();
    await user.keyboard("{Enter}");
    await waitFor(() => expect(screen.queryByRole("dialog")).not.toBeInTheDocument());
    expect(asked(requests).map(({ body }) => body)).toEqual([
      { urls: [ONE, OTHER], source: null, tab: null, filter: null },
      { urls: [ONE, OTHER] },
    ]);
    expect(toasts()).toEqual(["1 video added, 1 already in this list"]);
  });

  it("bring nothing where nothing is new", async () => {
    bar({ [PREVIEW]: aPreview({ total: 2, new: 0, duplicates: 2 }) });
    paste(`${ONE} ${OTHER}`);
    expect(await screen.findByText("There is nothing new to import.")).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /Import/ })).not.toBeInTheDocument();
  });

  it("say which entries could not be used, and why", async () => {
    const invalid = Array.from({ length: 25 }, (_, index) => ({
      row: index + 2,
      url: "https://example.com/",
      reason: "not_youtube" as const,
      message: "This is not the address of a YouTube video.",
    }));
    const { user } = bar({
      [PREVIEW]: aPreview({ kind: "file", invalid: 30 }),
      [IMPORT]: brought({ invalid, invalid_count: 30 }),
    });
    await user.upload(screen.getByLabelText("From a file", { selector: "input" }), aFile());
    await user.click(await screen.findByRole("button", { name: "Import 40 videos" }));
    expect(await screen.findByText("40 videos added, 30 invalid")).toBeInTheDocument();
    const details = screen.getByText("30 invalid entries").closest("details");
    expect(details).not.toHaveAttribute("open");
    expect(within(details as HTMLElement).getAllByText("This is not the address of a YouTube video.")).toHaveLength(20);
    expect(screen.getByText("and 10 more")).toBeInTheDocument();
    await user.click(screen.getAllByRole("button", { name: "Close" }).at(-1) as HTMLElement);
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
  });

  it("keep the dialog where the import is refused", async () => {
    const { user } = bar({ [PREVIEW]: aPreview(), [BATCH]: () => refuse(503, { detail: "The database is away." }) });
    paste(`${ONE} ${OTHER}`);
    await user.click(await screen.findByRole("button", { name: "Import 40 videos" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The database is away.");
    expect(screen.getByRole("button", { name: "Import 40 videos" })).toBeEnabled();
  });
});

describe("a playlist or channel", () => {
  it("can be called off while YouTube is being asked", async () => {
    const { requests, user } = bar({ [PREVIEW]: () => new Promise(() => undefined) });
    paste("@lamp-room");
    expect(await screen.findByText(/Fetching the list from YouTube/)).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(asked(requests)).toHaveLength(1);
    expect(field()).toHaveValue("@lamp-room");
  });

  it("is described in plain words", async () => {
    const preview = aPreview({
      kind: "channel",
      title: "The Lamp Room",
      total: 412,
      new: 409,
      duplicates: 2,
      unavailable: 1,
      is_estimate: true,
      estimated_seconds: 4057,
      speech_to_text: { enabled: true, videos: 4, audio_seconds: 3016, estimated_usd: 0.093 },
      warnings: [{ upstream: "youtube", code: "hourly_requests", message: "YouTube was asked often enough." }],
    });
    const { user } = bar({ [PREVIEW]: preview, [IMPORT]: brought({ kind: "channel", created: 0 }) });
    paste("@lamp-room");
    expect(await screen.findByRole("heading", { name: "Import The Lamp Room?" })).toBeInTheDocument();
    const found = "412 videos found, 2 already in this list, 1 deleted or private, about 1 hour";
    expect(screen.getByText(found)).toBeInTheDocument();
    expect(screen.getByText(/^Only the first videos were checked/)).toBeInTheDocument();
    expect(screen.getByText(/50 minutes, about (US)?\$0\.09\./)).toBeInTheDocument();
    expect(screen.getByText("YouTube was asked often enough.")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Import all" }));
    await waitFor(() => expect(toasts()).toEqual(["The import has started. Videos appear as they are found."]));
  });

  it("may keep its size to itself", async () => {
    bar({
      [PREVIEW]: aPreview({
        kind: "channel",
        total: 100,
        new: 0,
        duplicates: 100,
        is_estimate: true,
        at_least: true,
        estimated_seconds: null,
      }),
    });
    paste("@lamp-room");
    expect(await screen.findByText("At least 100 videos found, 100 already in this list")).toBeInTheDocument();
    expect(screen.getByText(/^YouTube does not report how many/)).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Import all" })).toBeInTheDocument();
  });

  it("can be imported all the same while there is no preview", async () => {
    const detail = "YouTube cannot be asked right now, so there is no preview.";
    const { requests, user } = bar({
      [PREVIEW]: () => refuse(503, { code: "preview_unavailable", detail }),
      [IMPORT]: brought({ kind: "channel", created: 0 }),
    });
    paste("@lamp-room");
    expect(await screen.findByRole("alert")).toHaveTextContent(detail);
    await user.click(screen.getByRole("button", { name: "Import anyway" }));
    await waitFor(() => expect(toasts()).toHaveLength(1));
    expect(asked(requests).map(({ path }) => path.split("/").at(-1))).toEqual(["preview", "imports"]);
  });

  it("is of the list of the channel that is chosen", async () => {
    const { requests, user } = bar({
      [PREVIEW]: aPreview({ kind: "channel" }),
      [IMPORT]: brought({ kind: "channel" }),
    });
    paste("@lamp-room/streams");
    expect(await screen.findByLabelText("Part of the channel")).toHaveValue("streams");
    await user.selectOptions(screen.getByLabelText("Part of the channel"), "Shorts");
    await user.click(await screen.findByRole("button", { name: "Import 40 videos" }));
    await waitFor(() => expect(toasts()).toHaveLength(1));
    const source = "@lamp-room/streams";
    expect(asked(requests).map(({ body }) => body)).toEqual([
      { urls: null, source, tab: null, filter: null },
      { urls: null, source, tab: "shorts", filter: null },
      { source, tab: "shorts", filter: null },
    ]);
  });

  it("is of the videos that match the filter", async () => {
    const preview = aPreview({ kind: "playlist", filtered: 7 });
    const { requests, user } = bar({ [PREVIEW]: preview, [IMPORT]: brought({ kind: "playlist" }) });
    paste("PL0123456789abcdef");
    await user.click(await screen.findByText("Only some of the videos"));
    await user.type(screen.getByLabelText("Title contains"), "tide");
    await user.type(screen.getByLabelText("Min. length (minutes)"), "2");
    await user.click(screen.getByRole("button", { name: "Apply" }));
    expect(await screen.findByText(/7 filtered out/)).toBeInTheDocument();
    await user.click(await screen.findByRole("button", { name: "Import 40 videos" }));
    await waitFor(() => expect(toasts()).toHaveLength(1));
    const filter = { published_after: null, title_contains: "tide", min_seconds: 120, max_seconds: null };
    expect(asked(requests).at(-1)?.body).toEqual({ source: "PL0123456789abcdef", tab: null, filter });
  });

  it("says at its field what is wrong with the filter", async () => {
    const errors = [{ field: "filter.published_after", code: "in_future", message: "In the future." }];
    const preview = ({ body }: ApiRequest) =>
      (body as { filter: unknown }).filter ? refuse(422, { errors }) : aPreview({ kind: "playlist" });
    const { user } = bar({ [PREVIEW]: preview });
    paste("PL0123456789abcdef");
    await user.click(await screen.findByText("Only some of the videos"));
    await user.click(screen.getByRole("button", { name: "Apply" }));
    await waitFor(() => expect(screen.getByLabelText("Published after")).toBeInvalid());
    expect(screen.getByLabelText("Published after")).toHaveAccessibleDescription("In the future.");
    expect(screen.getAllByRole("alert")).toHaveLength(1);
    expect(screen.queryByRole("button", { name: /^Import/ })).not.toBeInTheDocument();
  });

  it("comes after another one, or not at all", async () => {
    const preview = ({ body }: ApiRequest) => aPreview({ kind: "channel", title: (body as { source: string }).source });
    const { user } = bar({ [PREVIEW]: preview, [IMPORT]: brought({ kind: "channel" }) });
    paste("@one @two @three");
    expect(await screen.findByRole("heading", { name: "Import @one?" })).toBeInTheDocument();
    expect(screen.getByText("2 more to review after this one")).toBeInTheDocument();
    await user.click(await screen.findByRole("button", { name: "Import 40 videos" }));
    expect(await screen.findByRole("heading", { name: "Import @two?" })).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Cancel" }));
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    expect(field()).toHaveValue("@two\n@three");
  });
});

describe("calling off", () => {
  it("gives back what was pasted as it was", async () => {
    const pasted = `${ONE}; ${OTHER}`;
    const { user } = bar({ [PREVIEW]: aPreview() });
    paste(pasted);
    await user.click(await screen.findByRole("button", { name: "Cancel" }));
    expect(field()).toHaveValue(pasted);
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  it("is too late while the import is being sent", async () => {
    let answer: (batch: unknown) => void = () => undefined;
    const sending = new Promise((resolve) => (answer = resolve));
    const { user } = bar({ [PREVIEW]: aPreview(), [BATCH]: () => sending });
    paste(`${ONE} ${OTHER}`);
    await user.click(await screen.findByRole("button", { name: "Import 40 videos" }));
    const dialog = screen.getByRole<HTMLDialogElement>("dialog");
    expect(within(dialog).getByText(/^Starting the import/).parentElement).toHaveRole("status");
    for (const name of ["Cancel", "Close"]) expect(within(dialog).getByRole("button", { name })).toBeDisabled();
    fireEvent(dialog, new Event("cancel", { cancelable: true }));
    await user.click(dialog);
    expect(dialog).toBeInTheDocument();
    // A browser may close it all the same.
    act(() => dialog.close());
    await waitFor(() => expect(dialog.open).toBe(true));
    await act(async () => answer({ ...brought(), videos: [] }));
    await waitFor(() => expect(dialog).not.toBeInTheDocument());
    expect(field()).toHaveValue("");
  });

  it("is not undone by an answer that comes late", () => {
    const given: string[] = [];
    const { result } = renderHook(() => useAdding(LIST_ID, (pasted) => given.push(pasted)), { wrapper: aWrapper() });
    act(() => result.current.addText("@one"));
    const late = result.current.next;
    act(() => result.current.cancel());
    act(() => result.current.addText("@two"));
    act(() => late());
    expect(result.current.wanted).toEqual({ source: "@two" });
    expect(given).toEqual(["@one"]);
  });

  it("happens by itself where another list is opened", () => {
    const { result, rerender } = renderHook(({ listId }) => useAdding(listId, () => undefined), {
      initialProps: { listId: LIST_ID },
      wrapper: aWrapper(),
    });
    act(() => result.current.addText("@one"));
    rerender({ listId: "another" });
    expect(result.current.wanted).toBeNull();
    act(() => result.current.addText("@two"));
    expect(result.current.wanted).toEqual({ source: "@two" });
  });
});

it("tells in the API's words what is wrong with a file, and lets it be chosen again", async () => {
  const errors = [{ field: "file", code: "empty", message: "There is no address in this file." }];
  const { user } = bar({ [PREVIEW]: () => refuse(422, { code: "validation_failed", errors }) });
  const input = screen.getByLabelText<HTMLInputElement>("From a file", { selector: "input" });
  await user.upload(input, aFile());
  expect(await screen.findByRole("alert")).toHaveTextContent("There is no address in this file.");
  expect(screen.queryByRole("button", { name: "Try again" })).not.toBeInTheDocument();
  expect(input.value).toBe("");
});

it("explains how to add faster, with a bookmark to drag", async () => {
  const { user } = bar({ "GET /api/lists/{id}": aList() });
  await user.click(screen.getByRole("button", { name: "Add faster" }));
  expect(await screen.findByText(/^This bookmark adds .* to “Lighthouses”\.$/)).toBeInTheDocument();
  const link = screen.getByRole("link", { name: "Add to Vidferry" });
  const script = decodeURIComponent(link.getAttribute("href") ?? "");
  expect(script).toContain(`/add?list=${LIST_ID}&url=`);
  await user.click(link);
  expect(screen.getByText(/^Please drag this button/)).toBeInTheDocument();
  expect(link.getAttribute("href")).toMatch(/^javascript:/);
});

it("has the bookmark's address for whoever cannot drag", async () => {
  const { user } = bar({ "GET /api/lists/{id}": aList() });
  await user.click(screen.getByRole("button", { name: "Add faster" }));
  await user.click(await screen.findByRole("button", { name: "Copy address" }));
  expect(await screen.findByText("Address copied")).toHaveRole("status");
  const address = screen.getByRole("link", { name: "Add to Vidferry" }).getAttribute("href");
  expect(await navigator.clipboard.readText()).toBe(address);
});

it("shows the bookmark's address where the browser copies nothing", async () => {
  const { user } = bar({ "GET /api/lists/{id}": aList() });
  await user.click(screen.getByRole("button", { name: "Add faster" }));
  vi.spyOn(navigator.clipboard, "writeText").mockRejectedValue(new Error("not allowed"));
  await user.click(await screen.findByRole("button", { name: "Copy address" }));
  const shown = await screen.findByRole<HTMLTextAreaElement>("textbox", { name: "Text to copy" });
  expect(shown.value).toMatch(/^javascript:/);
  expect(screen.queryByText("Address copied")).not.toBeInTheDocument();
});

it.each([
  ["vidferry.example", true, 1],
  ["vidferry.example", false, 0],
  ["127.0.0.1", true, 0],
])("promises sharing only where a phone can install the app: %s, secure: %s", async (host, isSecure, count) => {
  vi.stubGlobal("isSecureContext", isSecure);
  const hostname = vi.spyOn(window.location, "hostname", "get").mockReturnValue(host);
  const { user } = bar({});
  await user.click(screen.getByRole("button", { name: "Add faster" }));
  expect(screen.queryAllByRole("heading", { name: "Share from your phone" })).toHaveLength(count);
  hostname.mockRestore();
  vi.unstubAllGlobals();
});

describe("dropping", () => {
  const area = (api: ApiHandlers = {}) =>
    renderWithApp(
      <DropArea listId={LIST_ID}>
        <input aria-label="field" />
      </DropArea>,
      { api },
    );
  const drop = (texts: Record<string, string>, files: File[] = [], target?: EventTarget) => {
    let isTaken = false;
    act(() => {
      isTaken = drag("drop", aTransfer(texts, files), target);
    });
    return isTaken;
  };
  const invitation = () => screen.queryByText("Drop here to add");

  it("invites while something is held above the page", () => {
    area();
    const link = aTransfer({ "text/uri-list": ONE });
    act(() => void drag("dragover", link));
    expect(invitation()).toBeInTheDocument();
    act(() => void drag("dragleave", link));
    expect(invitation()).not.toBeInTheDocument();
  });

  it("shows the card of one video at once, without a dialog", async () => {
    const { requests } = area({ [ADD]: () => new Promise(() => undefined) });
    const begun = performance.now();
    expect(drop({ "text/uri-list": ONE })).toBe(true);
    await waitFor(() => expect(pendingVideos(LIST_ID)).toHaveLength(1));
    expect(performance.now() - begun).toBeLessThan(100);
    expect(screen.queryByRole("dialog")).not.toBeInTheDocument();
    await waitFor(() => expect(asked(requests)[0]?.body).toEqual({ url: ONE }));
  });

  it("looks at several links and at files", async () => {
    area({ [PREVIEW]: aPreview() });
    drop({ "text/uri-list": `${ONE}\r\n${OTHER}` });
    const dialog = await screen.findByRole("dialog", { name: "Import these videos?" });
    drop({}, [aFile()]);
    expect(await within(dialog).findByText("1 more to review after this one")).toBeInTheDocument();
  });

  it("tells where there was nothing, or what the API refuses", async () => {
    area({ [ADD]: () => refuse(422, { detail: "This is not the address of a YouTube video." }) });
    drop({ "text/plain": "good morning" });
    drop({ "text/uri-list": "https://example.com/" });
    const expected = ["No link found in what you dropped.", "This is not the address of a YouTube video."];
    await waitFor(() => expect(toasts()).toEqual(expected));
  });

  it("leaves alone what belongs to a field, and what is dragged within the page", () => {
    area();
    const text = { "text/plain": ONE };
    expect(drop(text, [], screen.getByLabelText("field"))).toBe(false);
    window.dispatchEvent(new Event("dragstart"));
    act(() => void drag("dragover", aTransfer({ "text/uri-list": ONE })));
    expect(invitation()).not.toBeInTheDocument();
    window.dispatchEvent(new Event("dragend"));
    expect(pendingVideos(LIST_ID)).toHaveLength(0);
  });
});
