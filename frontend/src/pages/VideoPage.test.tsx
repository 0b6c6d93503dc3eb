import { act, screen, waitFor, within } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Link, Route } from "wouter";
import type { ImportProgress, VideoDetails } from "../api/types";
import { applyMessages, resetProgress } from "../state/progress";
import { type ApiHandlers, refuse, reply } from "../test/api";
import { aConfig, aVideo, someDetails, VIDEO_ID, YOUTUBE_ID } from "../test/data";
import { renderWithApp } from "../test/render";
import { VideoPage } from "./VideoPage";

const JUST_ADDED: Partial<VideoDetails> = {
  title: null,
  channel: null,
  import_stage: "created",
  import_progress: 0,
  captions_source: null,
  captions_language: null,
};
const TRANSCRIPT = {
  captions_source: "youtube",
  captions_language: "en",
  captions_kind: "manual",
  segments: [{ start_seconds: 0, end_seconds: 3.2, text: "This lens weighs four tons." }],
  next_cursor: null,
};
const line = (text: string) => ({ start_seconds: 0, end_seconds: 1, text });
const CHAPTERS = [{ title: "Grinding", start_seconds: 95, end_seconds: null }];

function show(video: Partial<VideoDetails> | (() => Partial<VideoDetails>) = {}, api: ApiHandlers = {}) {
  const known = () => someDetails(typeof video === "function" ? video() : video);
  return renderWithApp(<Route path="/videos/:videoId" component={VideoPage} />, {
    path: `/videos/${VIDEO_ID}`,
    api: {
      "GET /api/videos/{id}": known,
      "GET /api/videos/{id}/transcript": TRANSCRIPT,
      "GET /api/videos/{id}/chapters": { chapters: CHAPTERS },
      ...api,
    },
  });
}

function told(known: Partial<ImportProgress>): void {
  const message = {
    type: "import_progress",
    video_id: VIDEO_ID,
    youtube_id: YOUTUBE_ID,
    message: null,
    ...known,
  } as ImportProgress;
  act(() => void applyMessages([message]));
}

const heading = (name: string | RegExp) => screen.findByRole("heading", { level: 1, name });

beforeEach(() => {
  resetProgress();
  // There is no layout here, without which no line is near.
  vi.spyOn(HTMLElement.prototype, "offsetHeight", "get").mockReturnValue(44);
  vi.spyOn(HTMLElement.prototype, "clientHeight", "get").mockReturnValue(440);
});
afterEach(() => vi.restoreAllMocks());

describe("a complete video", () => {
  it("is shown with everything that is known of it", async () => {
    show();
    await heading("How a Fresnel lens is ground");
    expect(document.title).toContain("How a Fresnel lens is ground");
    expect(screen.getByText("The Lamp Room")).toBeInTheDocument();
    expect(await screen.findByText("from YouTube, created manually, English", { exact: false })).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "1:35 Grinding" })).toBeInTheDocument();
    expect(screen.getByText("This lens weighs four tons.")).toBeInTheDocument();
    expect(screen.getByRole("link", { name: "Open on YouTube" })).toHaveAttribute("rel", "noreferrer");
    expect(screen.queryByRole("progressbar")).not.toBeInTheDocument();
    expect(document.querySelector("iframe")).toBeNull();
  });

  it.each([
    ["automatic", { captions_kind: "automatic" }, {}, "from YouTube, generated automatically, English"],
    ["whisper", {}, { captions_source: "whisper", captions_language: "de" }, "transcribed from the audio, German"],
    ["unnamed language", {}, { captions_language: null }, "from YouTube, created manually"],
    ["strange language", {}, { captions_language: "x-?" }, "from YouTube, created manually, x-?"],
  ])("says where its captions are from: %s", async (_name, transcript, video, expected) => {
    show(video as Partial<VideoDetails>, { "GET /api/videos/{id}/transcript": { ...TRANSCRIPT, ...transcript } });
    await waitFor(() => expect(screen.getByText("Captions:").parentElement).toHaveTextContent(`Captions: ${expected}`));
  });

  it("says why it has no captions", async () => {
    const video: Partial<VideoDetails> = {
      captions_source: "none",
      captions_language: null,
      captions_missing_message: "Captions are switched off for this video.",
    };
    show(video, { "GET /api/videos/{id}/transcript": { ...TRANSCRIPT, segments: [] } });
    expect(await screen.findByText("Captions:")).toBeInTheDocument();
    expect(screen.getByText("Captions:").parentElement).toHaveTextContent(
      "Captions: none: Captions are switched off for this video.",
    );
    const transcript = await screen.findByRole("region", { name: "Transcript" });
    expect(await within(transcript).findByText("Captions are switched off for this video.")).toBeInTheDocument();
  });

  it("loads its transcript page by page", async () => {
    const { requests } = show(undefined, {
      "GET /api/videos/{id}/transcript": ({ query }: { query: URLSearchParams }) =>
        query.get("cursor") === "more"
          ? { ...TRANSCRIPT, segments: [line("The second page.")] }
          : { ...TRANSCRIPT, segments: [line("The first page.")], next_cursor: "more" },
    });
    expect(await screen.findByText("The second page.")).toBeInTheDocument();
    expect(screen.getByText("The first page.")).toBeInTheDocument();
    expect(requests.filter(({ path }) => path.endsWith("/transcript"))).toHaveLength(2);
  });

  it("explains that it is being imported already", async () => {
    const { user } = show(undefined, {
      "POST /api/videos/{id}/reimport": () => refuse(409, { code: "import_under_way", detail: "Under way." }),
    });
    await user.click(await screen.findByRole("button", { name: "Import again" }));
    expect(await screen.findByText("This video is already being imported.")).toBeInTheDocument();
    expect(screen.queryByRole("alert")).not.toBeInTheDocument();
  });

  it("leads back to the list as it was left, for those who came from there", async () => {
    const back = vi.spyOn(history, "back").mockImplementation(() => {});
    const { user } = show();
    const link = await screen.findByRole("link", { name: "Back to the list" });
    history.replaceState({ isFromList: true }, "");
    await user.click(link);
    expect(back).toHaveBeenCalledOnce();
    expect(link).toBeInTheDocument();
    history.replaceState(null, "");
    await user.click(link);
    expect(back).toHaveBeenCalledOnce();
    expect(link).not.toBeInTheDocument();
  });

  it("leads people at this machine to the import's record", async () => {
    show();
    expect(await screen.findByRole("link", { name: /in Temporal/ })).toHaveAttribute(
      "href",
      `http://127.0.0.1:8233/namespaces/default/workflows/import-video%3A${YOUTUBE_ID}`,
    );
  });

  it("is what a video without import fields is taken for", async () => {
    const missing = { import_stage: undefined, import_progress: undefined, captions_source: undefined };
    show({ ...missing, stage_times: undefined } as Partial<VideoDetails>);
    expect(await screen.findByText("This lens weighs four tons.")).toBeInTheDocument();
  });

  it("is told in German", async () => {
    renderWithApp(<Route path="/videos/:videoId" component={VideoPage} />, {
      path: `/videos/${VIDEO_ID}`,
      language: "de",
      api: {
        "GET /api/videos/{id}": someDetails(),
        "GET /api/videos/{id}/transcript": TRANSCRIPT,
        "GET /api/videos/{id}/chapters": { chapters: [] },
      },
    });
    expect(await screen.findByText(/von YouTube, manuell erstellt, Englisch/)).toBeInTheDocument();
    expect(screen.getByText("Dieses Video hat keine Kapitel.")).toBeInTheDocument();
  });
});

describe("importing again", () => {
  const AGAIN: Partial<VideoDetails> = { import_stage: "created", import_progress: 0 };
  const FAILED: Partial<VideoDetails> = { import_stage: "error", error_message: "YouTube cannot be reached." };

  /** A complete video whose server does as it is told by `server`. */
  function showComplete() {
    const server = {
      video: {} as Partial<VideoDetails>,
      lines: [line("The old captions.")],
      chapters: [{ ...CHAPTERS[0], title: "Old chapter" }],
      isReady: Promise.resolve(),
    };
    const begin = async () => {
      await server.isReady;
      server.video = AGAIN;
      return reply(202, aVideo(AGAIN));
    };
    const page = (
      <>
        <Route path="/videos/:videoId" component={VideoPage} />
        <Link href={`/videos/${VIDEO_ID}`}>The video</Link>
      </>
    );
    const rendered = renderWithApp(page, {
      path: `/videos/${VIDEO_ID}`,
      api: {
        "GET /api/videos/{id}": () => someDetails(server.video),
        "GET /api/videos/{id}/transcript": () => ({ ...TRANSCRIPT, segments: server.lines }),
        "GET /api/videos/{id}/chapters": () => ({ chapters: server.chapters }),
        "POST /api/videos/{id}/reimport": begin,
        "POST /api/videos/{id}/retry": begin,
      },
    });
    const complete = () => {
      server.video = {};
      server.lines = [line("The new captions.")];
      server.chapters = [{ ...CHAPTERS[0], title: "New chapter" }];
    };
    return { ...rendered, server, complete };
  }

  async function begin(user: ReturnType<typeof showComplete>["user"]) {
    await user.click(await screen.findByRole("button", { name: "Import again" }));
    await screen.findByText("Importing this video");
  }

  it("says before what it does", async () => {
    const { requests, user } = showComplete();
    expect(await screen.findByText(/The current ones stay until then/)).toBeInTheDocument();
    await begin(user);
    const asked = requests.filter(({ method }) => method === "POST").map(({ path }) => path);
    expect(asked).toEqual([`/api/videos/${VIDEO_ID}/reimport`]);
  });

  it("keeps what is here, and tells how it goes, until what is new is there", async () => {
    // Nothing is to be fetched here, and nobody is there to be talked to.
    vi.spyOn(HTMLIFrameElement.prototype, "src", "get").mockReturnValue("");
    vi.spyOn(HTMLIFrameElement.prototype, "contentWindow", "get").mockReturnValue(null);
    const { user, complete } = showComplete();
    await user.click(await screen.findByRole("button", { name: "1:35 Old chapter" }));
    const player = screen.getByTitle("Video: How a Fresnel lens is ground");
    await begin(user);
    expect(screen.getByRole("button", { name: "Import running" })).toHaveFocus();
    expect(screen.getByText(/^You can keep watching and reading/)).toBeInTheDocument();
    expect(screen.getByText("Captions:").parentElement).toHaveTextContent("from YouTube, created manually, English");

    told({ stage: "captions", progress: 42 });
    const status = screen.getByText("Importing this video").closest("[role=status]");
    await waitFor(() => expect(status).toHaveTextContent("Transcribing audio"));
    expect(screen.getByText("The old captions.")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "1:35 Old chapter" })).toBeInTheDocument();

    complete();
    told({ stage: "complete", progress: 100 });
    expect(await screen.findByText("The new captions.")).toBeInTheDocument();
    expect(await screen.findByRole("button", { name: "1:35 New chapter" })).toBeInTheDocument();
    expect(screen.queryByText("The old captions.")).not.toBeInTheDocument();
    expect(screen.getByTitle("Video: How a Fresnel lens is ground")).toBe(player);
    expect(screen.getByRole("button", { name: "Import again" })).toHaveFocus();
    expect(status).toBeEmptyDOMElement();
  });

  it("says of captions that were never found that they are looked for", async () => {
    const { user, server } = showComplete();
    server.lines = [];
    expect(await screen.findByText("This video has no captions.")).toBeInTheDocument();
    await begin(user);
    expect(screen.getByText("The captions are still being imported.")).toBeInTheDocument();
  });

  it("keeps what is here where it fails, says why, and is tried again", async () => {
    const { user, server } = showComplete();
    await begin(user);
    server.video = { ...AGAIN, ...FAILED };
    told({ stage: "error", progress: 25, error_code: "upstream_unavailable" });
    expect(await screen.findByText("YouTube cannot be reached.")).toBeInTheDocument();
    expect(screen.getByText("The previous captions and chapters are still available.")).toBeInTheDocument();
    expect(screen.getByText("The old captions.")).toBeInTheDocument();
    const retry = screen.getByRole("button", { name: "Try again" });
    expect(retry).toHaveFocus();
    await user.click(retry);
    expect(await screen.findByText("Importing this video")).toBeInTheDocument();
    expect(screen.getByText("The old captions.")).toBeInTheDocument();
  });

  it("brings what is new to those who look in meanwhile, and later", async () => {
    const { user, complete, queryClient } = showComplete();
    const leave = () => user.click(screen.getByRole("link", { name: "Back to the list" }));
    const comeBack = () => user.click(screen.getByRole("link", { name: "The video" }));
    await begin(user);
    await leave();
    expect(screen.queryByRole("heading")).not.toBeInTheDocument();
    await comeBack();
    expect(screen.getByText("The old captions.")).toBeInTheDocument();
    await waitFor(() => expect(queryClient.isFetching()).toBe(0));
    await leave();
    complete();
    await comeBack();
    expect(await screen.findByText("The new captions.")).toBeInTheDocument();
    expect(await screen.findByRole("button", { name: "1:35 New chapter" })).toBeInTheDocument();
  });

  it("brings what is new to those who leave at once", async () => {
    const { user, server, complete, queryClient } = showComplete();
    let answer = () => {};
    server.isReady = new Promise((resolve) => {
      answer = resolve;
    });
    await user.click(await screen.findByRole("button", { name: "Import again" }));
    await user.click(screen.getByRole("link", { name: "Back to the list" }));
    answer();
    await waitFor(() => expect(queryClient.isMutating()).toBe(0));
    complete();
    await queryClient.refetchQueries({ queryKey: ["video", VIDEO_ID], exact: true });
    await user.click(screen.getByRole("link", { name: "The video" }));
    expect(await screen.findByText("The new captions.")).toBeInTheDocument();
    expect(await screen.findByRole("button", { name: "1:35 New chapter" })).toBeInTheDocument();
  });

  it.each([
    ["under way", AGAIN],
    ["failed", { ...AGAIN, ...FAILED }],
  ])("shows what an earlier import brought, where it is %s when the page is opened", async (_name, video) => {
    show(video);
    expect(await screen.findByText("This lens weighs four tons.")).toBeInTheDocument();
    expect(screen.getByRole("button", { name: "Play “How a Fresnel lens is ground”" })).toBeInTheDocument();
    expect(screen.queryByText("This page updates automatically.")).not.toBeInTheDocument();
  });

  it.each([
    ["nothing was brought", { ...TRANSCRIPT, segments: [] }],
    ["nobody knows", () => refuse(500)],
  ])("shows the import alone where %s", async (_name, transcript) => {
    show(AGAIN, { "GET /api/videos/{id}/transcript": transcript });
    expect(await screen.findByText(/^This page updates automatically/)).toBeInTheDocument();
    expect(screen.queryByRole("button", { name: /^Play/ })).not.toBeInTheDocument();
  });

  it("says that it was begun where progress is switched off", async () => {
    const config = aConfig({ features: { import_progress: false } });
    const { user } = show(undefined, {
      "GET /api/config": config,
      "POST /api/videos/{id}/reimport": () => reply(202, aVideo(AGAIN)),
    });
    await user.click(await screen.findByRole("button", { name: "Import again" }));
    expect(await screen.findByText("The import continues.")).toBeInTheDocument();
    expect(screen.getByText("This lens weighs four tons.")).toBeInTheDocument();
  });
});

describe("an import under way", () => {
  it("shows how far it is, and fills itself with what comes", async () => {
    let video = JUST_ADDED;
    const { requests } = show(() => video);
    await heading("Untitled video");
    expect(await screen.findByRole("progressbar")).toHaveAttribute("aria-valuenow", "0");
    expect(screen.getByText("Importing this video")).toBeInTheDocument();
    expect(requests.some(({ path }) => path.endsWith("/transcript"))).toBe(false);

    video = { ...JUST_ADDED, title: "A lens", import_stage: "metadata", import_progress: 25 };
    told({ stage: "metadata", progress: 25, seq: 1, at: "2026-11-23T08:01:02Z" });
    await heading("A lens");
    expect(screen.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "25");

    video = {
      ...JUST_ADDED,
      title: "A lens",
      import_stage: "complete",
      import_progress: 100,
      captions_source: "youtube",
    };
    told({ stage: "complete", progress: 100, seq: 2, at: "2026-11-23T08:01:09Z" });
    expect(await screen.findByText("This lens weighs four tons.")).toBeInTheDocument();
    expect(screen.queryByRole("progressbar")).not.toBeInTheDocument();
  });

  it("is read once for each stage, however often that is told", async () => {
    const { requests } = show(JUST_ADDED);
    await heading("Untitled video");
    for (const progress of [26, 31, 39]) told({ stage: "captions", progress });
    await waitFor(() => expect(screen.getByRole("progressbar")).toHaveAttribute("aria-valuenow", "39"));
    expect(requests.filter(({ path }) => path === `/api/videos/${VIDEO_ID}`)).toHaveLength(2);
  });

  it("says what it waits for, and offers nothing where everybody waits", async () => {
    show(JUST_ADDED);
    await heading("Untitled video");
    told({ stage: "created", progress: 0, error_code: "rate_limited", retry_at: null, message: "Pause." });
    expect(screen.getAllByText("YouTube is limiting requests").length).toBeGreaterThan(0);
    expect(screen.queryByRole("button", { name: "Try now" })).not.toBeInTheDocument();
  });

  it("can be hurried where it waits for itself", async () => {
    const hurried = vi.fn(() => someDetails(JUST_ADDED));
    const { user } = show(JUST_ADDED, { "POST /api/videos/{id}/retry": hurried });
    await heading("Untitled video");
    told({ stage: "created", progress: 0, error_code: "upstream_unavailable", retry_at: "2099-01-01T00:00:00Z" });
    await user.click(screen.getByRole("button", { name: "Try now" }));
    expect(await screen.findByText("The import continues.")).toBeInTheDocument();
    expect(hurried).toHaveBeenCalledOnce();
  });

  it("has no overlay where progress is switched off, and goes on all the same", async () => {
    let video = someDetails({ ...JUST_ADDED, title: "A lens" });
    show(() => video, { "GET /api/config": aConfig({ features: { import_progress: false } }) });
    await heading("A lens");
    expect(screen.queryByRole("progressbar")).not.toBeInTheDocument();
    expect(screen.getByText("Importing this video")).toBeInTheDocument();
    video = someDetails({ title: "A lens" });
    told({ stage: "complete", progress: 100, seq: 2 });
    expect(await screen.findByText("This lens weighs four tons.")).toBeInTheDocument();
  });
});

describe("a failed import", () => {
  const FAILED: Partial<VideoDetails> = {
    ...JUST_ADDED,
    import_stage: "error",
    error_code: "video_private",
    error_message: "This video is private.",
  };

  it("says why, and can be tried again", async () => {
    const { user } = show(FAILED, { "POST /api/videos/{id}/retry": () => someDetails(JUST_ADDED) });
    expect(await screen.findByText("This video could not be imported")).toBeInTheDocument();
    expect(screen.getByText("This video is private.")).toBeInTheDocument();
    expect(screen.getByText("Failed: This video is private.")).toBeInTheDocument();
    await user.click(screen.getByRole("button", { name: "Try again" }));
    expect(await screen.findByText("Importing this video")).toBeInTheDocument();
  });

  it("says so when trying again fails", async () => {
    const { user } = show(FAILED, {
      "POST /api/videos/{id}/retry": () => refuse(503, { detail: "The database is away." }),
    });
    await user.click(await screen.findByRole("button", { name: "Try again" }));
    expect(await screen.findByRole("alert")).toHaveTextContent("The database is away.");
  });
});

describe("a video that cannot be shown", () => {
  it("is gone", async () => {
    show(undefined, { "GET /api/videos/{id}": () => refuse(404, { code: "video_not_found" }) });
    await heading("This video no longer exists");
  });

  it("can be asked for again", async () => {
    let isAway = true;
    const { user } = show(undefined, { "GET /api/videos/{id}": () => (isAway ? refuse(503) : someDetails()) });
    const retry = await screen.findByRole("button", { name: "Try again" });
    isAway = false;
    await user.click(retry);
    await heading("How a Fresnel lens is ground");
  });
});
