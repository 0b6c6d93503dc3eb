import type { ImportProgress, ImportStage, Upstream } from "../api/types";
import type { BatchComplete, BatchProgress, CaughtUp, LiveMessage, Snapshot, UpstreamPaused } from "./messages";
import { upstreamNeededAt } from "./upstreams";

/** What is known of one import. `seq` is that of the newest event or snapshot it comes from; 0: of sub-progress only. */
export type KnownProgress = Omit<ImportProgress, "seq"> & { seq: number };

/** The last known state of a batch. `waiting` is only known once it is over. */
export type BatchStatus = Omit<BatchProgress, "type"> & { isOver: boolean; waiting: number; endedBefore?: true };

export type Pauses = Partial<Record<Upstream, UpstreamPaused>>;

export interface LiveState {
  progress: ReadonlyMap<string, KnownProgress>;
  batches: ReadonlyMap<string, BatchStatus>;
  pauses: Pauses;
}

interface Draft {
  progress: CopyOnWriteMap<KnownProgress>;
  batches: CopyOnWriteMap<BatchStatus>;
  pauses: Pauses;
}

/** Copies a map on the first change, so that all messages of a frame share one copy. */
class CopyOnWriteMap<V> {
  now: ReadonlyMap<string, V>;
  private copy: Map<string, V> | null = null;

  constructor(before: ReadonlyMap<string, V>) {
    this.now = before;
  }

  get(key: string): V | undefined {
    return this.now.get(key);
  }

  set(key: string, value: V): void {
    this.changeable().set(key, value);
  }

  delete(key: string): void {
    if (this.now.has(key)) this.changeable().delete(key);
  }

  private changeable(): Map<string, V> {
    this.copy ??= new Map(this.now);
    this.now = this.copy;
    return this.copy;
  }
}

/** Waits with these reasons end when their upstream's pause ends. */
const PAUSE_ERRORS: Record<Upstream, ReadonlySet<string>> = {
  youtube: new Set(["rate_limited", "bot_check", "certificate_untrusted", "extractor_outdated"]),
  transcription: new Set(["transcription_limited", "transcription_misconfigured"]),
};

/** The state after these messages; parts in which nothing changed are the same objects as before. */
export function afterMessages(state: LiveState, messages: readonly LiveMessage[]): LiveState {
  const draft: Draft = {
    progress: new CopyOnWriteMap(state.progress),
    batches: new CopyOnWriteMap(state.batches),
    pauses: state.pauses,
  };
  for (const message of messages) apply(draft, message);
  return { progress: draft.progress.now, batches: draft.batches.now, pauses: draft.pauses };
}

/** Whether this import has ended; only a retry or reimport restarts it. */
export function isClosed(progress: Pick<ImportProgress, "stage">): boolean {
  return progress.stage === "complete" || progress.stage === "error";
}

/** Whether a video's import is running, by its loaded stage. */
export function isUnderWay(video: { import_stage?: ImportStage | null }): boolean {
  return video.import_stage != null && !isClosed({ stage: video.import_stage });
}

/** Whether failed or cancelled videos of a batch were queued again. */
export function isQueuedAgain(before: BatchStatus, after: BatchStatus): boolean {
  return after.failed < before.failed || after.cancelled < before.cancelled;
}

function apply(draft: Draft, message: LiveMessage): void {
  switch (message.type) {
    case "import_progress":
      applyProgress(draft, message);
      break;
    case "snapshot":
      applySnapshot(draft, message);
      break;
    case "batch_progress":
    case "batch_complete":
      applyBatch(draft, statusOf(message));
      break;
    case "ended_before":
      for (const batch of message.batches) {
        const known = draft.batches.get(batch.batch_id);
        // In another language than before, perhaps.
        if (known?.isOver) draft.batches.set(batch.batch_id, { ...known, message: batch.message });
        if (!known) draft.batches.set(batch.batch_id, { ...statusOf(batch), endedBefore: true });
      }
      break;
    case "batch_gone":
      draft.batches.delete(message.batch_id);
      forgetFailures(draft, message.batch_id);
      break;
    case "list_deleted":
      for (const [batchId, batch] of draft.batches.now) {
        if (batch.list_id === message.list_id) draft.batches.delete(batchId);
      }
      break;
    case "video_deleted":
      if (message.video_id) draft.progress.delete(message.video_id);
      break;
    case "upstream_paused":
      draft.pauses = { ...draft.pauses, [message.upstream]: message };
      break;
    case "upstream_resumed":
      endPause(draft, message.upstream);
      break;
    case "caught_up":
      forgetPauses(draft, message);
      break;
    default:
      break; // of no import: see `LiveCache`
  }
}

function applyProgress({ progress }: Draft, message: ImportProgress): void {
  const known = progress.get(message.video_id);
  if (message.seq == null) {
    // Sub-progress may come late: after its stage's end, after newer sub-progress, or after the end of everything.
    if (known && (isClosed(known) || message.progress < known.progress)) return;
    progress.set(message.video_id, { ...message, seq: known?.seq ?? 0 });
  } else if (!known || message.seq > known.seq) {
    progress.set(message.video_id, { ...message, seq: message.seq });
  }
}

function applySnapshot({ progress }: Draft, snapshot: Snapshot): void {
  for (const video of snapshot.videos) {
    const known = progress.get(video.video_id);
    if (!known || known.seq <= snapshot.seq) progress.set(video.video_id, mergedWith(snapshot, video, known));
  }
}

/** Snapshots read rows, so known sub-progress may be further; snapshots of single videos name no batch. */
function mergedWith({ seq }: Snapshot, video: ImportProgress, known: KnownProgress | undefined): KnownProgress {
  const batchId = video.batch_id ?? known?.batch_id ?? null;
  if (!known || !isBehind(video, known)) return { ...video, batch_id: batchId, seq };
  // An import that needs another upstream by now does not wait for the one that the snapshot names.
  const isSameNeed = upstreamNeededAt(video.progress) === upstreamNeededAt(known.progress);
  const { stage, progress } = known;
  // Not the snapshot's `seq`: where it was tried again meanwhile, missed events say so, which are older than that.
  return { ...(isSameNeed ? video : known), stage, progress, batch_id: batchId, seq: known.seq };
}

/** An attempt never goes back; one at its beginning is another attempt. */
function isBehind(video: ImportProgress, known: KnownProgress): boolean {
  return !isClosed(video) && !isClosed(known) && video.stage !== "created" && video.progress < known.progress;
}

function applyBatch(draft: Draft, status: BatchStatus): void {
  const before = draft.batches.get(status.batch_id);
  draft.batches.set(status.batch_id, status);
  if (before && isQueuedAgain(before, status)) forgetFailures(draft, status.batch_id);
  if (before && status.cancelled > before.cancelled) forgetQueued(draft, status);
}

/**
 * There is no event for a video that is queued again: what is known of its failure is out of date. For a dismissed batch
 * it is unknown whether that happens.
 */
function forgetFailures({ progress }: Draft, batchId: string): void {
  for (const [videoId, known] of progress.now) {
    if (known.batch_id === batchId && known.stage === "error") progress.delete(videoId);
  }
}

/** Nor is there one for a video that was cancelled before it started. Snapshots of single videos name no batch. */
function forgetQueued({ progress }: Draft, { batch_id: batchId }: BatchStatus): void {
  for (const [videoId, known] of progress.now) {
    if (known.stage === "created" && (known.batch_id ?? batchId) === batchId) progress.delete(videoId);
  }
}

function statusOf(message: BatchProgress | BatchComplete): BatchStatus {
  const { type, ...figures } = message;
  if (type === "batch_progress") return { ...(figures as Omit<BatchProgress, "type">), isOver: false, waiting: 0 };
  const over = figures as Omit<BatchComplete, "type">;
  return { ...over, progress: 100, queued: 0, running: 0, isOver: true };
}

function endPause(draft: Draft, upstream: Upstream): void {
  if (!draft.pauses[upstream]) return;
  const { [upstream]: _ended, ...left } = draft.pauses;
  draft.pauses = left;
  for (const [videoId, known] of draft.progress.now) {
    if (waitsForPause(known, upstream)) {
      draft.progress.set(videoId, { ...known, message: null, error_code: null, retry_at: null });
    }
  }
}

function waitsForPause(known: KnownProgress, upstream: Upstream): boolean {
  if (isClosed(known) || upstreamNeededAt(known.progress) !== upstream) return false;
  if (known.error_code) return PAUSE_ERRORS[upstream].has(known.error_code);
  return Boolean(known.retry_at || known.message);
}

function forgetPauses(draft: Draft, { upstreams }: CaughtUp): void {
  for (const upstream of Object.keys(draft.pauses) as Upstream[]) {
    if (!upstreams.includes(upstream)) endPause(draft, upstream);
  }
}
