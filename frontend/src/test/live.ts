/** Fakes of live updates: sockets that a test opens, feeds and closes, and builders for messages. */
import type { ImportProgress } from "../api/types";
import type { Socket } from "../live/session";
import type { BatchComplete, BatchProgress, Snapshot, UpstreamPaused } from "../state/messages";
import { messageOfBatch } from "../state/messages";
import { aBatch, LIST_ID, VIDEO_ID, YOUTUBE_ID } from "./data";

export class FakeSocket implements Socket {
  readyState: number = WebSocket.CONNECTING;
  onmessage: WebSocket["onmessage"] = null;
  onclose: WebSocket["onclose"] = null;
  readonly url: string;
  /** What the page sent. */
  readonly sent: Record<string, unknown>[] = [];
  isClosed = false;

  constructor(url: string) {
    this.url = url;
  }

  send(data: string): void {
    this.sent.push(JSON.parse(data));
  }

  close(): void {
    this.isClosed = true;
    this.readyState = WebSocket.CLOSED;
  }

  /** The server says something. */
  tell(...messages: object[]): void {
    this.readyState = WebSocket.OPEN;
    for (const message of messages) this.hear(JSON.stringify(message));
  }

  hear(data: unknown): void {
    this.onmessage?.call(this as unknown as WebSocket, { data } as MessageEvent);
  }

  /** The server ends it, or the network does. */
  end(code = 1006): void {
    this.readyState = WebSocket.CLOSED;
    this.onclose?.call(this as unknown as WebSocket, { code } as CloseEvent);
  }

  sentOf(type: string): Record<string, unknown>[] {
    return this.sent.filter((message) => message.type === type);
  }
}

/** Every socket that was opened, the newest last. */
export function fakeSockets() {
  const opened: FakeSocket[] = [];
  const openSocket = (url: string): FakeSocket => {
    const socket = new FakeSocket(url);
    opened.push(socket);
    return socket;
  };
  const newest = (): FakeSocket => {
    const socket = opened.at(-1);
    if (!socket) throw new Error("no socket was opened");
    return socket;
  };
  return { opened, openSocket, newest };
}

export function aSnapshot(seq: number, videos: ImportProgress[] = []): Snapshot {
  return { type: "snapshot", seq, videos };
}

export function anEvent(known: Partial<ImportProgress> = {}): ImportProgress {
  return {
    type: "import_progress",
    video_id: VIDEO_ID,
    youtube_id: YOUTUBE_ID,
    stage: "metadata",
    progress: 25,
    message: null,
    seq: 1,
    list_id: LIST_ID,
    ...known,
  };
}

export function batchProgress(known: Partial<BatchProgress> = {}): BatchProgress {
  return { ...(messageOfBatch(aBatch()) as BatchProgress), ...known };
}

export function batchComplete(known: Partial<BatchComplete> = {}): BatchComplete {
  const completed = aBatch({ state: "complete", completed_at: "2026-11-23T09:00:00Z", queued: 0, running: 0 });
  return { ...(messageOfBatch(completed) as BatchComplete), waiting: 0, ...known };
}

export function aPause(known: Partial<UpstreamPaused> = {}): UpstreamPaused {
  return {
    type: "upstream_paused",
    upstream: "youtube",
    reason: "rate_limited",
    resume_at: null,
    message: "YouTube is limiting requests. Imports continue automatically.",
    ...known,
  };
}
