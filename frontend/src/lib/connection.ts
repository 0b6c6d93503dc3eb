import type { Upstream } from "../api/types";
import { delayAfter } from "./backoff";
import { FrameQueue } from "./frames";
import type { LiveMessage, ServerMessage, Snapshot } from "./messages";
import { type LiveApi, Polling } from "./polling";
import { ResumePoint } from "./resume";
import { BROKEN, type OpenSocket, Session } from "./session";
import { watchedIds } from "./watched";

/** So many attempts without a word, and sockets seem to be blocked. */
const BLOCKED_AFTER = 3;
const BLOCKED_RETRY_MS = 30_000;
/** Cards come onto the screen together: they are asked for together. */
const BUNDLE_MS = 50;
const MAX_BUNDLE = 1_000;
/** Waits have no event: that one has begun says only a snapshot. */
const ASK_AGAIN_MS = 10_000;
/** What a break this short leaves out is little. */
const SHORT_BREAK_MS = 60_000;
const TRY_AGAIN_LATER = 1013;

export interface LiveOptions {
  url: string;
  api: LiveApi;
  /** Everything that came within an animation frame. */
  onMessages: (messages: LiveMessage[]) => void;
  onState: (state: "connecting" | "live" | "polling") => void;
  isBatchShown: (batchId: string) => boolean;
  /** Whether nothing more comes of this video, by what was told. */
  isClosed: (videoId: string) => boolean;
  /** That of the connection before, where there was one. */
  resume?: ResumePoint;
  openSocket?: OpenSocket;
  random?: () => number;
}

/** What one socket has told so far. */
interface Told {
  batchIds: Set<string>;
  upstreams: Set<Upstream>;
  /** Videos whose state it has told or was asked for. */
  videoIds: Set<string>;
  isAfterBreak: boolean;
  isComplete: boolean;
}

/** Keeps news coming: over one socket that is opened again and again, or by asking where sockets are blocked. */
export class LiveConnection {
  private readonly options: LiveOptions;
  private readonly resume: ResumePoint;
  private readonly queue: FrameQueue<LiveMessage>;
  private session: Session | null = null;
  private told: Told | null = null;
  private polling: Polling | null = null;
  private failures = 0;
  private blocked = 0;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private bundle: ReturnType<typeof setTimeout> | undefined;
  private askingAgain: ReturnType<typeof setTimeout> | undefined;
  /** Until when nothing was missed, by a clock that does not stand still while the computer sleeps. */
  private newsUntil = 0;

  constructor(options: LiveOptions) {
    this.options = options;
    this.resume = options.resume ?? new ResumePoint();
    this.queue = new FrameQueue(options.onMessages);
  }

  start(): void {
    this.options.onState("connecting");
    this.newsUntil = Date.now();
    this.open();
  }

  stop(): void {
    clearTimeout(this.retry);
    clearTimeout(this.bundle);
    clearTimeout(this.askingAgain);
    this.session?.close();
    this.session = null;
    this.stopPolling();
    this.queue.flush();
    this.resume.end();
  }

  /** Ask for the state of videos that began to be watched. Those of a new socket are asked for anyhow. */
  readonly watch = (): void => {
    this.bundle ??= setTimeout(() => {
      this.bundle = undefined;
      this.ask(this.underWay());
    }, BUNDLE_MS);
  };

  /** The network is back, or somebody looks at the page again: no time to wait. */
  readonly wake = (): void => {
    if (this.session) this.session.check();
    else this.open();
  };

  private open(): void {
    clearTimeout(this.retry);
    this.told = null;
    try {
      this.session = new Session(this.options.url, this.options.openSocket ?? browserSocket, {
        onMessage: (message) => this.hear(message),
        onClose: (code) => this.lost(code),
      });
    } catch {
      this.lost(BROKEN);
    }
  }

  private lost(code: number): void {
    this.session = null;
    this.resume.end();
    this.failures += 1;
    clearTimeout(this.askingAgain);
    if (!this.told && code !== TRY_AGAIN_LATER) this.blocked += 1;
    this.told = null;
    if (this.blocked >= BLOCKED_AFTER) this.startPolling();
    else if (!this.polling) this.options.onState("connecting");
    this.retry = setTimeout(() => this.open(), this.delayAfter(code));
  }

  private delayAfter(code: number): number {
    if (this.polling) return BLOCKED_RETRY_MS * (0.75 + this.random() / 4);
    return delayAfter(this.failures, code === TRY_AGAIN_LATER, () => this.random());
  }

  private random(): number {
    return (this.options.random ?? Math.random)();
  }

  private hear(message: ServerMessage): void {
    if (this.told?.isComplete) this.newsUntil = Date.now();
    if (!this.told) {
      if (message.type === "snapshot") this.begin(message);
      return;
    }
    switch (message.type) {
      case "pong":
        this.catchUp(this.told);
        return;
      case "import_progress":
        if (this.resume.take(message)) this.queue.push(message);
        return;
      case "batch_progress":
      case "batch_complete":
        this.told.batchIds.add(message.batch_id);
        break;
      case "upstream_paused":
        this.told.upstreams.add(message.upstream);
        break;
      case "upstream_resumed":
        this.told.upstreams.delete(message.upstream);
        this.askAgain(this.told);
        break;
    }
    this.queue.push(message);
  }

  private begin(snapshot: Snapshot): void {
    this.stopPolling();
    this.blocked = 0;
    // What was loaded while nobody could connect may be out of date as well.
    const isAfterBreak = this.resume.since !== null || this.failures > 0;
    const videoIds = new Set(snapshot.videos.map((video) => video.video_id));
    this.told = { batchIds: new Set(), upstreams: new Set(), videoIds, isAfterBreak, isComplete: false };
    this.queue.push(snapshot);
    const since = this.resume.begin(snapshot.seq);
    if (since !== null) this.session?.send({ type: "resume", since });
    this.ask(this.underWay());
    this.askLater();
    this.session?.check();
    this.options.onState("live");
  }

  /** The first `pong` follows everything that is under way and everything that was missed. */
  private catchUp(told: Told): void {
    if (told.isComplete) return;
    told.isComplete = true;
    this.failures = 0;
    this.resume.caughtUp();
    this.queue.push({ type: "caught_up", batchIds: [...told.batchIds], upstreams: [...told.upstreams] });
    // Deleted videos and what batches added are no events.
    const isLittle = Date.now() - this.newsUntil < SHORT_BREAK_MS;
    if (told.isAfterBreak) this.queue.push({ type: "missed_some", isLittle });
    this.newsUntil = Date.now();
  }

  private underWay(): string[] {
    return watchedIds().filter((videoId) => !this.options.isClosed(videoId));
  }

  private askLater(): void {
    clearTimeout(this.askingAgain);
    const delay = ASK_AGAIN_MS * (0.8 + this.random() * 0.4);
    this.askingAgain = setTimeout(() => {
      if (this.told) this.askAgain(this.told);
      this.askLater();
    }, delay);
  }

  private ask(videoIds: string[]): void {
    const told = this.told;
    if (!told) return;
    const unknown = videoIds.filter((videoId) => !told.videoIds.has(videoId));
    for (const videoId of unknown) told.videoIds.add(videoId);
    for (let from = 0; from < unknown.length; from += MAX_BUNDLE) {
      this.session?.send({ type: "subscribe", video_ids: unknown.slice(from, from + MAX_BUNDLE) });
    }
  }

  /** Only a snapshot knows which imports wait for something of their own. */
  private askAgain(told: Told): void {
    told.videoIds.clear();
    this.ask(this.underWay());
  }

  private startPolling(): void {
    this.polling ??= new Polling({
      api: this.options.api,
      since: () => this.resume.since,
      isBatchShown: this.options.isBatchShown,
      videoIds: () => this.underWay(),
      onStart: (seq) => this.resume.begin(seq),
      onMessage: (message) => {
        if (message.type !== "import_progress" || this.resume.take(message)) this.queue.push(message);
      },
      onAnswer: (isAnswered) => this.options.onState(isAnswered ? "polling" : "connecting"),
    });
  }

  private stopPolling(): void {
    this.polling?.stop();
    this.polling = null;
  }
}

function browserSocket(url: string): Socket {
  return new WebSocket(url);
}

type Socket = ReturnType<OpenSocket>;
