import type { ImportProgress, Upstream } from "../api/types";
import type { BatchComplete, BatchProgress, CaughtUp, LiveMessage, Snapshot, UpstreamPaused } from "../lib/messages";
import { upstreamNeededAt } from "../lib/upstreams";

/** What is known of one import. `seq` is that of the newest event or snapshot it comes from; 0: of sub-progress only. */
export type KnownProgress = Omit<ImportProgress, "seq"> & { seq: number };

/** How a batch was told last. `waiting` is only known of one that is over. */
export type BatchNews = Omit<BatchProgress, "type"> & { isOver: boolean; waiting: number };

export type Pauses = Partial<Record<Upstream, UpstreamPaused>>;

export interface LiveState {
  progress: ReadonlyMap<string, KnownProgress>;
  batches: ReadonlyMap<string, BatchNews>;
  pauses: Pauses;
}

interface Draft {
  progress: Touched<KnownProgress>;
  batches: Touched<BatchNews>;
  pauses: Pauses;
}

/** A map that is copied once, for all messages of a frame, and only where one of them changes it. */
class Touched<V> {
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

/** Waits with these reasons end together with the pause of their upstream. */
const PAUSE_ERRORS: Record<Upstream, ReadonlySet<string>> = {
  youtube: new Set(["rate_limited", "bot_check", "certificate_untrusted"]),
  transcription: new Set(["transcription_limited", "transcription_misconfigured"]),
};

/** The state after these messages; parts in which nothing changed are the same objects as before. */
export function afterMessages(state: LiveState, messages: readonly LiveMessage[]): LiveState {
  const draft: Draft = {
    progress: new Touched(state.progress),
    batches: new Touched(state.batches),
    pauses: state.pauses,
  };
  for (const message of messages) apply(draft, message);
  return { progress: draft.progress.now, batches: draft.batches.now, pauses: draft.pauses };
}

/** Whether nothing more comes of this import, unless somebody asks. */
export function isClosed(progress: Pick<ImportProgress, "stage">): boolean {
  return progress.stage === "complete" || progress.stage === "error";
}

/** Whether videos of a batch that had failed or were cancelled are imported once more. */
export function isQueuedAgain(before: BatchNews, after: BatchNews): boolean {
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
      applyBatch(draft, newsOf(message));
      break;
    case "batch_gone":
      draft.batches.delete(message.batch_id);
      forgetFailures(draft, message.batch_id);
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
    case "missed_some":
      break;
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
    if (!known || known.seq <= snapshot.seq) progress.set(video.video_id, toldBy(snapshot, video, known));
  }
}

/** Not every import is asked itself: sub-progress may be further, and who asked by name heard of no batch. */
function toldBy({ seq }: Snapshot, video: ImportProgress, known: KnownProgress | undefined): KnownProgress {
  const batchId = video.batch_id ?? known?.batch_id ?? null;
  if (!known || !isBehind(video, known)) return { ...video, batch_id: batchId, seq };
  // Who needs another upstream by now does not wait for the one that the snapshot has in mind.
  const isSameNeed = upstreamNeededAt(video.progress) === upstreamNeededAt(known.progress);
  const { stage, progress } = known;
  // Not the snapshot's `seq`: where it was tried again meanwhile, missed events say so, which are older than that.
  return { ...(isSameNeed ? video : known), stage, progress, batch_id: batchId, seq: known.seq };
}

/** An attempt never goes back; one that is at its beginning is another. */
function isBehind(video: ImportProgress, known: KnownProgress): boolean {
  return !isClosed(video) && !isClosed(known) && video.stage !== "created" && video.progress < known.progress;
}

function applyBatch(draft: Draft, news: BatchNews): void {
  const before = draft.batches.get(news.batch_id);
  draft.batches.set(news.batch_id, news);
  if (before && isQueuedAgain(before, news)) forgetFailures(draft, news.batch_id);
  if (before && news.cancelled > before.cancelled) forgetQueued(draft, news);
}

/**
 * Videos that are queued again have no event that says so: what is known of their failure is out of date. Of a batch that
 * is closed nobody can tell whether that happens.
 */
function forgetFailures({ progress }: Draft, batchId: string): void {
  for (const [videoId, known] of progress.now) {
    if (known.batch_id === batchId && known.stage === "error") progress.delete(videoId);
  }
}

/** Nor have those that were cancelled before they began. Snapshots of single videos name no batch. */
function forgetQueued({ progress }: Draft, { batch_id: batchId }: BatchNews): void {
  for (const [videoId, known] of progress.now) {
    if (known.stage === "created" && (known.batch_id ?? batchId) === batchId) progress.delete(videoId);
  }
}

function newsOf(message: BatchProgress | BatchComplete): BatchNews {
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
