import { describe, expect, it } from "vitest";
import { type CardPauses, type CardProgress, type CardVideo, cardImportOf } from "./cardState";

const COMPLETE: CardVideo = { import_stage: "complete", import_progress: 100, captions_source: "youtube" };
const CREATED: CardVideo = { import_stage: "created", import_progress: 0, captions_source: null };
const FAILED: CardVideo = { import_stage: "error", import_progress: 25, error_message: "This video is private." };
const PAUSE: CardPauses = { youtube: { reason: "bot_check", resume_at: "2026-11-23T14:10:00Z" } };
const SPEECH_PAUSE: CardPauses = { transcription: { reason: "transcription_limited", resume_at: null } };

function at(progress: number, known: Partial<CardProgress> = {}): CardProgress {
  return { stage: "metadata", progress, ...known };
}

describe("the state of a card", () => {
  it.each<[string, CardVideo, CardProgress | null, CardPauses | null, string]>([
    ["nothing is known of an import", {}, null, null, "complete"],
    ["its stage is null", { import_stage: null, import_progress: null }, null, null, "complete"],
    ["its stage is null, and progress came", { import_stage: null }, at(25), null, "complete"],
    ["nothing is known of an import, and there are no captions", { captions_source: "none" }, null, null, "partial"],
    ["it was loaded as complete", COMPLETE, null, null, "complete"],
    ["it has no captions", { ...COMPLETE, captions_source: "none" }, null, null, "partial"],
    ["captions are from speech", { ...COMPLETE, captions_source: "whisper" }, null, null, "complete"],
    ["it was just added", CREATED, null, null, "importing"],
    ["progress came", CREATED, at(60, { stage: "captions" }), null, "importing"],
    ["completion came", CREATED, at(100, { stage: "complete" }), null, "complete"],
    ["late progress of a completed one came", COMPLETE, at(60, { stage: "captions" }), null, "complete"],
    ["a failed one was completed", FAILED, at(100, { stage: "complete" }), null, "complete"],
    ["it was loaded as failed", FAILED, null, null, "error"],
    ["failure came", CREATED, at(25, { stage: "error", error_code: "video_private" }), null, "error"],
    ["a failed one is tried again", FAILED, at(25, { stage: "created" }), null, "importing"],
    ["a failed one, during a pause", FAILED, null, PAUSE, "error"],
    ["YouTube is paused", CREATED, at(0), PAUSE, "waiting"],
    ["YouTube is paused, nothing came yet", CREATED, null, PAUSE, "waiting"],
    ["YouTube is paused, it needs speech recognition", CREATED, at(45, { stage: "captions" }), PAUSE, "importing"],
    ["speech recognition is paused", CREATED, at(45, { stage: "captions" }), SPEECH_PAUSE, "waiting"],
    ["speech recognition is paused, it needs YouTube", CREATED, at(39), SPEECH_PAUSE, "importing"],
    ["both are paused, it needs neither", CREATED, at(60), { ...PAUSE, ...SPEECH_PAUSE }, "importing"],
    ["it waits by itself", CREATED, at(0, { error_code: "upstream_unavailable" }), null, "waiting"],
    ["it waits for nobody's error", CREATED, at(0, { retry_at: "2026-11-23T14:10:00Z" }), null, "waiting"],
    ["it waits by what was loaded", { ...CREATED, waiting_for: "upstream_unavailable" }, null, null, "waiting"],
    ["it waited when it was loaded", { ...CREATED, waiting_for: "upstream_unavailable" }, at(0), null, "importing"],
    ["the stream was live when it was loaded", { ...CREATED, waiting_for: "live_now" }, null, null, "live"],
    ["the stream is live", CREATED, at(0, { error_code: "live_now" }), null, "live"],
    ["it is a premiere by what was loaded", { ...CREATED, waiting_for: "upcoming" }, null, null, "upcoming"],
    ["it is a premiere", CREATED, at(0, { error_code: "upcoming" }), null, "upcoming"],
    ["it is a premiere, during a pause", CREATED, at(0, { error_code: "upcoming" }), PAUSE, "upcoming"],
    ["a complete one, during a pause", COMPLETE, null, PAUSE, "complete"],
  ])("%s", (_what, video, progress, pauses, state) => {
    expect(cardImportOf(video, progress, pauses).state).toBe(state);
  });
});

describe("what a card says of an import", () => {
  it("says when a premiere starts, not when it is asked for again", () => {
    const known = {
      waiting_for: "upcoming",
      starts_at: "2027-01-01T20:00:00Z",
      retry_at: "2026-12-01T20:00:00Z",
    } as const;
    expect(cardImportOf({ ...CREATED, ...known }, null, null).until).toBe(known.starts_at);
    expect(cardImportOf(CREATED, at(0, { error_code: "upcoming", ...known }), null).until).toBe(known.starts_at);
  });

  it("never shows less than was there before", () => {
    expect(cardImportOf({ ...CREATED, import_progress: 60 }, at(25), null).progress).toBe(60);
    expect(cardImportOf(CREATED, at(41.6), null).progress).toBe(42);
    expect(cardImportOf(CREATED, at(140), null).progress).toBe(100);
  });

  it("forgets the failure of one that is tried again", () => {
    const failed: CardVideo = { ...FAILED, import_progress: 60, error_code: "video_private" };
    const again = at(0, { stage: "created" });
    expect(cardImportOf(failed, again, null)).toMatchObject({ state: "importing", progress: 0, reason: null });
    const waiting = cardImportOf(failed, again, PAUSE);
    expect(waiting).toMatchObject({ state: "waiting", progress: 0, reason: "bot_check" });
  });

  it("takes the words of a failure from what was loaded, which is in the page's language", () => {
    const live = at(25, { stage: "error", message: "Dieses Video ist privat.", error_code: "video_private" });
    expect(cardImportOf(FAILED, live, null).message).toBe("This video is private.");
    expect(cardImportOf(CREATED, live, null).message).toBe("Dieses Video ist privat.");
    expect(cardImportOf(CREATED, live, null).reason).toBe("video_private");
  });

  it("waits for the later of the pause and its own time", () => {
    const later = "2026-11-23T14:30:00Z";
    const throttled = at(0, { error_code: "rate_limited", retry_at: later });
    expect(cardImportOf(CREATED, throttled, PAUSE)).toMatchObject({ reason: "bot_check", until: later });
    const sooner = at(0, { error_code: "rate_limited", retry_at: "2026-11-23T14:00:00Z" });
    expect(cardImportOf(CREATED, sooner, PAUSE).until).toBe("2026-11-23T14:10:00Z");
  });

  it("names no end where the pause has none", () => {
    const pause: CardPauses = { youtube: { reason: "operator", resume_at: null } };
    const waiting = cardImportOf(CREATED, at(0, { retry_at: "2026-11-23T14:00:00Z" }), pause);
    expect(waiting).toMatchObject({ reason: "operator", until: null });
  });

  it("keeps its own reason during a pause, where that is not everybody's", () => {
    const own = at(0, { error_code: "upstream_unavailable", retry_at: "2026-11-23T14:00:00Z" });
    const waiting = cardImportOf(CREATED, own, PAUSE);
    expect(waiting).toMatchObject({ reason: "upstream_unavailable", until: "2026-11-23T14:00:00Z" });
  });
});
