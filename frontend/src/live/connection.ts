import type { Upstream } from "../api/types";
import type { LiveMessage, ServerMessage, Snapshot } from "../state/messages";
import { watchedIds } from "../state/watched";
import { delayAfter } from "./backoff";
import { FrameQueue } from "./frames";
import { type LiveApi, Polling } from "./polling";
import { ResumePoint } from "./resume";
import { BROKEN, type OpenSocket, Session } from "./session";

/** After so many attempts without a message, sockets count as blocked. */
const BLOCKED_AFTER = 3;
const BLOCKED_RETRY_MS = 30_000;
/** Cards appear together: one request asks for all of them. */
const BUNDLE_MS = 50;
const MAX_BUNDLE = 1_000;
const TRY_AGAIN_LATER = 1013;

export interface LiveOptions {
  url: string;
  api: LiveApi;
  /** Everything that came within an animation frame. */
  onMessages: (messages: LiveMessage[]) => void;
  onState: (state: "connecting" | "live" | "polling") => void;
  isBatchShown: (batchId: string) => boolean;
  /** Whether nothing more comes of this video, by what was received. */
  isClosed: (videoId: string) => boolean;
  /** That of the previous connection, if any. */
  resume?: ResumePoint;
  openSocket?: OpenSocket;
  random?: () => number;
}

/** What one socket has received so far. */
interface SessionState {
  batchIds: Set<string>;
  upstreams: Set<Upstream>;
  /** Videos whose state was received or requested. */
  videoIds: Set<string>;
  isComplete: boolean;
}

/** Receives live updates over a socket that reconnects, or polls where sockets are blocked. */
export class LiveConnection {
  private readonly options: LiveOptions;
  private readonly resume: ResumePoint;
  private readonly queue: FrameQueue<LiveMessage>;
  private session: Session | null = null;
  private sessionState: SessionState | null = null;
  private polling: Polling | null = null;
  private failures = 0;
  private blocked = 0;
  /** Whether something was missed that cannot be resumed. */
  private hasMissed = false;
  private retry: ReturnType<typeof setTimeout> | undefined;
  private bundle: ReturnType<typeof setTimeout> | undefined;

  constructor(options: LiveOptions) {
    this.options = options;
    this.resume = options.resume ?? new ResumePoint();
    this.queue = new FrameQueue(options.onMessages);
  }

  start(): void {
    this.options.onState("connecting");
    this.open();
  }

  stop(): void {
    clearTimeout(this.retry);
    clearTimeout(this.bundle);
    this.session?.close();
    this.session = null;
    this.stopPolling();
    this.queue.flush();
    this.resume.end();
  }

  /** Requests the state of videos that are watched since. A new socket requests all of them anyway. */
  readonly watch = (): void => {
    this.bundle ??= setTimeout(() => {
      this.bundle = undefined;
      this.ask(this.underWay());
    }, BUNDLE_MS);
  };

  /** The network is back or the page is visible again: checks or reconnects at once. */
  readonly wake = (): void => {
    if (this.session) this.session.check();
    else this.open();
  };

  private open(): void {
    clearTimeout(this.retry);
    this.sessionState = null;
    try {
      this.session = new Session(this.options.url, this.options.openSocket ?? browserSocket, {
        onMessage: (message) => this.onMessage(message),
        onClose: (code) => this.onClose(code),
      });
    } catch {
      this.onClose(BROKEN);
    }
  }

  private onClose(code: number): void {
    this.session = null;
    this.resume.end();
    this.failures += 1;
    if (!this.sessionState && code !== TRY_AGAIN_LATER) this.blocked += 1;
    this.sessionState = null;
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

  private onMessage(message: ServerMessage): void {
    if (!this.sessionState) {
      if (message.type === "snapshot") this.begin(message);
      return;
    }
    switch (message.type) {
      case "pong":
        this.catchUp(this.sessionState);
        return;
      case "import_progress":
      case "list_changed":
      case "list_deleted":
      case "video_deleted":
      case "subscription_changed":
      case "subscription_deleted":
      case "batch_ended":
        if (this.resume.take(message)) this.queue.push(message);
        return;
      case "batch_progress":
      case "batch_complete":
        this.sessionState.batchIds.add(message.batch_id);
        break;
      case "upstream_paused":
        this.sessionState.upstreams.add(message.upstream);
        break;
      case "upstream_resumed":
        this.sessionState.upstreams.delete(message.upstream);
        this.refresh(this.sessionState);
        break;
    }
    this.queue.push(message);
  }

  private begin(snapshot: Snapshot): void {
    this.stopPolling();
    this.blocked = 0;
    const { since: seen } = this.resume;
    // Nothing was seen while no connection succeeded; a smaller number than before is that of other data.
    if (seen === null ? this.failures > 0 : seen > snapshot.seq) this.hasMissed = true;
    const videoIds = new Set(snapshot.videos.map((video) => video.video_id));
    this.sessionState = { batchIds: new Set(), upstreams: new Set(), videoIds, isComplete: false };
    this.queue.push(snapshot);
    const since = this.resume.begin(snapshot.seq);
    if (since !== null) this.session?.send({ type: "resume", since });
    this.ask(this.underWay());
    this.session?.check();
    this.options.onState("live");
  }

  /** The first `pong` follows everything that is under way and everything that was missed. */
  private catchUp(sessionState: SessionState): void {
    if (sessionState.isComplete) return;
    sessionState.isComplete = true;
    this.failures = 0;
    this.resume.caughtUp();
    this.queue.push({
      type: "caught_up",
      batchIds: [...sessionState.batchIds],
      upstreams: [...sessionState.upstreams],
    });
    if (this.hasMissed) this.queue.push({ type: "missed_some" });
    this.hasMissed = false;
  }

  private underWay(): string[] {
    return watchedIds().filter((videoId) => !this.options.isClosed(videoId));
  }

  private ask(videoIds: string[]): void {
    const sessionState = this.sessionState;
    if (!sessionState) return;
    const unknown = videoIds.filter((videoId) => !sessionState.videoIds.has(videoId));
    for (const videoId of unknown) sessionState.videoIds.add(videoId);
    for (let from = 0; from < unknown.length; from += MAX_BUNDLE) {
      this.session?.send({ type: "subscribe", video_ids: unknown.slice(from, from + MAX_BUNDLE) });
    }
  }

  /** Snapshots delay what an import waits for to the end of the pause: its own time is needed again. */
  private refresh(sessionState: SessionState): void {
    sessionState.videoIds.clear();
    this.ask(this.underWay());
  }

  private startPolling(): void {
    this.polling ??= new Polling({
      api: this.options.api,
      since: () => this.resume.since,
      isBatchShown: this.options.isBatchShown,
      onStart: (seq) => this.resume.begin(seq),
      onMessage: (message) => {
        if (!("seq" in message) || message.type === "snapshot" || this.resume.take(message)) this.queue.push(message);
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
