import type { Batch, EventPage, UpstreamStatus } from "../api/types";
import { type LiveMessage, messageOfBatch, messageOfUpstream } from "../state/messages";

const EVENTS_MS = 3_000;
const STATES_MS = 10_000;

/** What the API is asked while no socket gets through. */
export interface LiveApi {
  events(since: number, limit: number): Promise<EventPage>;
  batches(): Promise<Batch[]>;
  upstreams(): Promise<UpstreamStatus[]>;
}

export interface PollingOptions {
  api: LiveApi;
  /** Null: nothing was seen so far. */
  since: () => number | null;
  /** Whether this batch is shown as running, so that its end has to be reported. */
  isBatchShown: (batchId: string) => boolean;
  onMessage: (message: LiveMessage) => void;
  /** Nothing before this `seq` was seen; what there is was loaded otherwise. */
  onStart: (seq: number) => void;
  onAnswer: (isAnswered: boolean) => void;
}

/** Asks for news again and again. One round at a time: a slow answer delays the next question. */
export class Polling {
  private readonly options: PollingOptions;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private isStopped = false;
  private statesAt = Number.NEGATIVE_INFINITY;
  /** Batches that were over when first seen: no news. */
  private overBefore: Set<string> | null = null;

  constructor(options: PollingOptions) {
    this.options = options;
    void this.round();
  }

  stop(): void {
    this.isStopped = true;
    clearTimeout(this.timer);
  }

  private async round(): Promise<void> {
    let isAnswered = true;
    try {
      await this.pollEvents();
      if (performance.now() - this.statesAt >= STATES_MS) await this.pollStates();
    } catch {
      isAnswered = false;
    }
    if (this.isStopped) return;
    this.options.onAnswer(isAnswered);
    this.timer = setTimeout(() => void this.round(), EVENTS_MS);
  }

  private async pollEvents(): Promise<void> {
    const { api, onMessage } = this.options;
    let since = this.options.since();
    if (since === null) {
      since = await newestSeq(api);
      if (this.isStopped) return;
      this.options.onStart(since);
      onMessage({ type: "missed_some" });
    }
    for (let hasMore = true; hasMore && !this.isStopped; ) {
      const page = await api.events(since, 500);
      if (this.isStopped) return;
      for (const event of page.items) onMessage(event);
      since = page.next_since;
      hasMore = page.has_more;
    }
  }

  private async pollStates(): Promise<void> {
    const { api, onMessage, isBatchShown } = this.options;
    const [batches, upstreams] = await Promise.all([api.batches(), api.upstreams()]);
    if (this.isStopped) return;
    this.statesAt = performance.now();
    this.overBefore ??= new Set(batches.filter((batch) => batch.completed_at).map((batch) => batch.batch_id));
    for (const batch of batches) {
      if (!batch.completed_at) this.overBefore.delete(batch.batch_id);
      if (!this.overBefore.has(batch.batch_id) || isBatchShown(batch.batch_id)) onMessage(messageOfBatch(batch));
      if (batch.completed_at) this.overBefore.add(batch.batch_id);
    }
    for (const upstream of upstreams) onMessage(messageOfUpstream(upstream));
  }
}

/** The number of the newest event, found by halving: to read all events of a large installation would take long. */
async function newestSeq(api: LiveApi): Promise<number> {
  const firstAfter = async (seq: number) => (await api.events(seq, 1)).items[0]?.seq ?? null;
  let low = 0;
  let high = 1;
  for (let found = await firstAfter(low); found !== null; found = await firstAfter(high)) {
    low = found;
    high = found * 2;
  }
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = await firstAfter(middle);
    if (found === null) high = middle;
    else low = found;
  }
  return low;
}
