/** Builders for tests: everything valid, and what matters to the test named by the test. */
import type {
  Batch,
  Config,
  ProblemDetails,
  Subscription,
  Video,
  VideoDetails,
  VideoList,
  VideoPage,
} from "../api/types";

export const LIST_ID = "5f0b6c1e-8a52-4f0e-9d53-0b7d6f3a2c11";
export const VIDEO_ID = "b7c9a0de-2f51-4a3c-8f57-6f1f0e5d9a42";
export const BATCH_ID = "0d7f1c52-64be-4d0b-a6a1-2d0f6c0e7b35";
export const YOUTUBE_ID = "Q7mZ2k-x9Lw";

/** A complete video; with `{ import_stage: "created", import_progress: 0, title: null }` one that was just added. */
export function aVideo(known: Partial<Video> = {}): Video {
  const youtubeId = known.youtube_id ?? YOUTUBE_ID;
  return {
    id: VIDEO_ID,
    list_id: LIST_ID,
    youtube_id: youtubeId,
    url: `https://www.youtube.com/watch?v=${youtubeId}`,
    title: "How a Fresnel lens is ground",
    channel: "The Lamp Room",
    duration_seconds: 754,
    published_at: "2025-03-09T17:30:00Z",
    starts_at: null,
    thumbnail_url: `https://img.youtube.com/vi/${youtubeId}/mqdefault.jpg`,
    import_stage: "complete",
    import_progress: 100,
    captions_source: "youtube",
    captions_language: "en",
    captions_missing: null,
    captions_missing_message: null,
    error_code: null,
    error_message: null,
    waiting_for: null,
    waiting_message: null,
    retry_at: null,
    created_at: "2026-11-23T08:01:00Z",
    ...known,
  };
}

/** `count` different videos, the first one the newest. */
export function videos(count: number, known: Partial<Video> = {}): Video[] {
  return Array.from({ length: count }, (_, index) => {
    const place = String(index).padStart(6, "0");
    return aVideo({
      id: `00000000-0000-4000-8000-000000${place}`,
      youtube_id: `video${place}`,
      title: `Video ${index}`,
      ...known,
    });
  });
}

export function someDetails(known: Partial<VideoDetails> = {}): VideoDetails {
  return {
    ...aVideo(),
    description: "From the first cut to the finished lens.",
    tags: ["lighthouse", "optics"],
    categories: ["Education"],
    view_count: 48210,
    like_count: 1930,
    transcribed_seconds: null,
    estimated_usd: null,
    stage_times: {},
    ...known,
  };
}

export function aVideoPage(items: Video[], nextCursor: string | null = null): VideoPage {
  return { items, next_cursor: nextCursor };
}

export function aList(known: Partial<VideoList> = {}): VideoList {
  return { id: LIST_ID, name: "Lighthouses", video_count: 12, created_at: "2026-11-23T08:00:00Z", ...known };
}

export function aBatch(known: Partial<Batch> = {}): Batch {
  return {
    batch_id: BATCH_ID,
    list_id: LIST_ID,
    kind: "channel",
    source: "https://www.youtube.com/@lamp-room/videos",
    title: "The Lamp Room",
    state: "open",
    progress: 24,
    total: 409,
    queued: 289,
    running: 20,
    waiting: 0,
    imported: 98,
    without_captions: 7,
    failed: 2,
    cancelled: 0,
    duplicates: 2,
    invalid: 0,
    unavailable: 1,
    members_only: 0,
    filtered: 0,
    listing: "done",
    announced: 412,
    error_code: null,
    error_message: null,
    created_at: "2026-11-23T08:01:00Z",
    completed_at: null,
    ...known,
  };
}

export function aSubscription(known: Partial<Subscription> = {}): Subscription {
  return {
    id: "3c9f7d18-51e2-4b6a-9a0e-8d2b4f6c1e57",
    list_id: LIST_ID,
    kind: "channel",
    source: "https://www.youtube.com/@lamp-room/videos",
    tab: "videos",
    title: "The Lamp Room",
    interval_seconds: 21600,
    paused: false,
    import_existing: false,
    filter: null,
    created_at: "2026-11-23T08:00:00Z",
    next_check_at: null,
    last_result: { checked_at: "2026-11-23T14:00:05Z", new: 2, members_only: 0, error_code: null, error_message: null },
    checking: false,
    ...known,
  };
}

export function aConfig(known: Partial<Config> = {}): Config {
  return {
    websocket_url: "ws://127.0.0.1:8001/api/ws/progress",
    temporal_ui_url: "http://127.0.0.1:8233",
    temporal_namespace: "default",
    features: { import_progress: true },
    speech_to_text: { enabled: true, reason: null, message: null, model: "whisper-large-v3", max_minutes: 240 },
    languages: ["en", "de"],
    version: "0.1.0",
    ...known,
  };
}

export function someProblem(known: Partial<ProblemDetails> = {}): ProblemDetails {
  return {
    type: "about:blank",
    title: "Internal Server Error",
    status: 500,
    detail: "Something went wrong on our side.",
    code: "unexpected",
    ...known,
  } as ProblemDetails;
}
