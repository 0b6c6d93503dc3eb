import type { ErrorType, ImportProgress, Video } from "../api/types";

/** A loaded video after an event of its import, or a snapshot (without `seq`), which both say all that a card shows. */
export function withProgress(video: Video, told: ImportProgress): Video {
  const isEvent = told.seq != null;
  const isOver = told.stage === "complete" || told.stage === "error";
  const isBegun = told.stage === "created" && isEvent;
  // What was loaded may be newer: a complete video only begins again.
  if (video.import_stage === "complete" && !isOver && !isBegun) return video;
  const failed = told.stage === "error";
  return {
    ...video,
    ...knownFacts(told),
    import_stage: told.stage,
    import_progress: told.progress,
    error_code: failed ? (told.error_code ?? null) : null,
    error_message: failed ? (told.message ?? null) : null,
    // A snapshot also names pauses, which are no wait of the import's own.
    ...(isEvent && {
      waiting_for: (told.waiting_for as ErrorType | null | undefined) ?? null,
      waiting_message: (told.waiting_for && told.message) || null,
      retry_at: told.retry_at ?? null,
    }),
  };
}

function knownFacts(told: ImportProgress): Partial<Video> {
  return {
    ...(told.title != null && { title: told.title, starts_at: told.starts_at ?? null }),
    ...(told.channel != null && { channel: told.channel }),
    ...(told.duration_seconds != null && { duration_seconds: told.duration_seconds }),
    ...(told.published_at != null && { published_at: told.published_at }),
    ...(told.captions_source != null && {
      captions_source: told.captions_source,
      captions_missing: told.captions_missing ?? null,
      captions_missing_message: told.captions_missing_message ?? null,
    }),
  };
}
