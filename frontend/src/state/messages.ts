import type { Batch, Change, ImportProgress, PauseReason, Upstream, UpstreamStatus } from "../api/types";

/** Where imports stand. Events up to `seq` are older than it. */
export interface Snapshot {
  type: "snapshot";
  seq: number;
  videos: ImportProgress[];
}

type SharedFigures = Pick<
  Batch,
  | "batch_id"
  | "list_id"
  | "kind"
  | "source"
  | "title"
  | "state"
  | "total"
  | "imported"
  | "without_captions"
  | "failed"
  | "cancelled"
  | "duplicates"
  | "invalid"
  | "unavailable"
  | "members_only"
  | "filtered"
  | "listing"
  | "announced"
  | "error_code"
>;

interface BatchFigures extends SharedFigures {
  /** Why a playlist or channel could not be read, for people. */
  message: string | null;
}

export interface BatchProgress extends BatchFigures {
  type: "batch_progress";
  progress: number;
  queued: number;
  running: number;
}

export interface BatchComplete extends BatchFigures {
  type: "batch_complete";
  /** Videos that wait for something of their own, such as a premiere. */
  waiting: number;
}

export interface UpstreamPaused {
  type: "upstream_paused";
  upstream: Upstream;
  reason: PauseReason;
  resume_at: string | null;
  message: string;
}

export interface UpstreamResumed {
  type: "upstream_resumed";
  upstream: Upstream;
}

/** The notifier's messages that the page uses. */
export type ServerMessage =
  | Snapshot
  | ImportProgress
  | Change
  | BatchProgress
  | BatchComplete
  | UpstreamPaused
  | UpstreamResumed
  | { type: "pong" };

/** Added by the connection: everything that is running was reported; anything else that is shown is out of date. */
export interface CaughtUp {
  type: "caught_up";
  batchIds: string[];
  upstreams: Upstream[];
}

/** The batch was deleted together with its list. */
export interface BatchGone {
  type: "batch_gone";
  batch_id: string;
}

/** Batches that ended before the page was opened, and that have something left to do. */
export interface EndedBefore {
  type: "ended_before";
  batches: BatchComplete[];
}

/** It is not known what was missed: everything has to be fetched again. */
export interface MissedSome {
  type: "missed_some";
}

export type LiveMessage = Exclude<ServerMessage, { type: "pong" }> | CaughtUp | BatchGone | EndedBefore | MissedSome;

const KNOWN: ReadonlySet<unknown> = new Set<ServerMessage["type"]>([
  "snapshot",
  "import_progress",
  "list_changed",
  "list_deleted",
  "video_deleted",
  "subscription_changed",
  "subscription_deleted",
  "batch_ended",
  "batch_progress",
  "batch_complete",
  "upstream_paused",
  "upstream_resumed",
  "pong",
]);

/** A frame's message; null for what cannot be read or is not known, which a client ignores. */
export function parseMessage(data: unknown): ServerMessage | null {
  if (typeof data !== "string") return null;
  try {
    const message: unknown = JSON.parse(data);
    const isKnown = typeof message === "object" && message !== null && "type" in message && KNOWN.has(message.type);
    return isKnown ? (message as ServerMessage) : null;
  } catch {
    return null;
  }
}

/** A batch of `GET /api/batches` in the form of the notifier's messages. */
export function messageOfBatch(batch: Batch): BatchProgress | BatchComplete {
  const { progress, queued, running, error_message, created_at: _created, completed_at, ...figures } = batch;
  const common = { ...figures, message: error_message };
  if (!completed_at) return { ...common, type: "batch_progress", progress, queued, running };
  const waiting = batch.total - batch.imported - batch.failed - batch.cancelled;
  return { ...common, type: "batch_complete", waiting };
}

/** An upstream of `GET /api/upstreams` in the form of the notifier's messages. */
export function messageOfUpstream(upstream: UpstreamStatus): UpstreamPaused | UpstreamResumed {
  if (!upstream.paused || !upstream.reason) return { type: "upstream_resumed", upstream: upstream.name };
  return {
    type: "upstream_paused",
    upstream: upstream.name,
    reason: upstream.reason,
    resume_at: upstream.resume_at,
    message: upstream.message ?? "",
  };
}
