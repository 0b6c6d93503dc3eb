import type { ErrorType, ImportStage, PauseReason, Upstream, Video } from "../../api/types";
import { upstreamNeededAt } from "../../state/upstreams";

/** What a card can look like. */
export type CardState = "importing" | "waiting" | "complete" | "partial" | "error" | "upcoming" | "live";

type CardField =
  | "import_stage"
  | "import_progress"
  | "captions_source"
  | "error_code"
  | "error_message"
  | "waiting_for"
  | "waiting_message"
  | "retry_at"
  | "starts_at";

/** What of a video decides its card; older data may lack any of it. */
export type CardVideo = { [Field in CardField]?: Video[Field] | null };

/** The import's live progress. */
export interface CardProgress {
  stage: ImportStage;
  progress: number;
  message?: string | null;
  error_code?: ErrorType | null;
  retry_at?: string | null;
  starts_at?: string | null;
}

/** A pause of all calls to one upstream. */
export interface CardPause {
  reason: PauseReason;
  resume_at: string | null;
}

export type CardPauses = Partial<Record<Upstream, CardPause | null>>;

export type WaitReason = ErrorType | PauseReason;

/** Everything a card shows of an import. */
export interface CardImport {
  state: CardState;
  /** Percent. */
  progress: number;
  /** Why it waits; null if unknown. */
  reason: WaitReason | null;
  /** When it continues, or when a premiere starts; null if unknown. */
  until: string | null;
  /** Why it failed or waits, for people. */
  message: string | null;
}

/** Reasons that concern all calls to an upstream: a pause replaces these, and no others. */
export const SHARED_REASONS: ReadonlySet<WaitReason> = new Set<WaitReason>([
  "rate_limited",
  "bot_check",
  "certificate_untrusted",
  "extractor_outdated",
  "hourly_requests",
  "transcription_limited",
  "transcription_misconfigured",
  "transcription_allowance",
  "operator",
]);

/** How the import of a video is shown: from what was loaded, what came live since, and the pauses. */
export function cardImportOf(
  video: CardVideo,
  live: CardProgress | null | undefined,
  pauses: CardPauses | null | undefined,
): CardImport {
  const stage = latestStage(video, live);
  if (stage === "error") {
    return errorOf(video, live);
  }
  if (stage === null || stage === "complete") {
    return plain(video.captions_source === "none" ? "partial" : "complete", 100);
  }
  // A failed import that is retried: its failure no longer counts.
  return underWayOf(video.import_stage === "error" ? {} : video, live, pauses ?? {});
}

/** A complete video never goes back; otherwise live progress is newer than what was loaded. */
function latestStage(video: CardVideo, live: CardProgress | null | undefined): ImportStage | null {
  if (!live || video.import_stage == null || video.import_stage === "complete") {
    return video.import_stage ?? null;
  }
  return live.stage;
}

function errorOf(video: CardVideo, live: CardProgress | null | undefined): CardImport {
  // What was loaded is in the page's language, even after that was switched.
  const loaded = video.import_stage === "error" ? video.error_message : null;
  const reason = live?.error_code ?? video.error_code ?? null;
  const message = loaded ?? live?.message ?? null;
  return { state: "error", progress: percentOf(video, live), reason, until: null, message };
}

function underWayOf(video: CardVideo, live: CardProgress | null | undefined, pauses: CardPauses): CardImport {
  const progress = percentOf(video, live);
  const own = (live ? live.error_code : video.waiting_for) ?? null;
  const until = (live ? live : video).retry_at ?? null;
  const message = (live ? live.message : video.waiting_message) ?? null;
  const waiting = { progress, reason: own, until, message };
  if (own === "live_now") {
    return { ...waiting, state: "live" };
  }
  if (own === "upcoming") {
    // Once it should have started, it is asked for again now and then.
    return { ...waiting, state: "upcoming", until: live?.starts_at ?? video.starts_at ?? until };
  }
  const upstream = upstreamNeededAt(progress);
  const pause = upstream && pauses[upstream];
  if (pause && (own === null || SHARED_REASONS.has(own))) {
    return { state: "waiting", progress, reason: pause.reason, until: later(until, pause.resume_at), message: null };
  }
  if (own !== null || until !== null) {
    return { ...waiting, state: "waiting" };
  }
  return plain("importing", progress);
}

function plain(state: CardState, progress: number): CardImport {
  return { state, progress, reason: null, until: null, message: null };
}

/** Progress never decreases within an attempt, so the higher of the two is newer. */
function percentOf(video: CardVideo, live: CardProgress | null | undefined): number {
  const percent = Math.max(video.import_progress ?? 0, live?.progress ?? 0);
  return Math.round(Math.min(Math.max(percent, 0), 100));
}

/** The end of a pause without `resume_at` is unknown, whatever the video's own time is. */
function later(own: string | null, pause: string | null): string | null {
  if (own === null || pause === null) {
    return pause;
  }
  return Date.parse(own) > Date.parse(pause) ? own : pause;
}
