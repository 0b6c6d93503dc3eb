import { parseMessage, type ServerMessage } from "../state/messages";

/** Networks that block sockets may let them open and then deliver nothing. */
const FIRST_MESSAGE_MS = 10_000;
const CHECK_MS = 25_000;
const ANSWER_MS = 10_000;

/** Close code of a connection that ended without a reason. */
export const BROKEN = 1006;

export type ClientMessage =
  | { type: "subscribe"; video_ids: string[] }
  | { type: "resume"; since: number }
  | { type: "ping" };

/** The part of a browser's WebSocket that is used. */
export type Socket = Pick<WebSocket, "readyState" | "send" | "close" | "onmessage" | "onclose">;

export type OpenSocket = (url: string) => Socket;

interface Listener {
  onMessage: (message: ServerMessage) => void;
  /** Called once, whatever the reason; not after `close`. */
  onClose: (code: number) => void;
}

const OPEN = 1;

/** One socket from opening to close. Detects when the other end no longer answers. */
export class Session {
  private readonly socket: Socket;
  private readonly listener: Listener;
  private lastMessageAt = Number.NEGATIVE_INFINITY;
  private deadline: ReturnType<typeof setTimeout> | undefined;
  private readonly checks: ReturnType<typeof setInterval>;

  /** Throws where the browser refuses the address. */
  constructor(url: string, openSocket: OpenSocket, listener: Listener) {
    this.listener = listener;
    this.socket = openSocket(url);
    this.socket.onmessage = (event) => this.onMessage(event.data);
    this.socket.onclose = (event) => this.end(event.code);
    this.checks = setInterval(() => this.check(), CHECK_MS);
    this.deadline = setTimeout(() => this.end(BROKEN), FIRST_MESSAGE_MS);
  }

  send(message: ClientMessage): void {
    if (this.socket.readyState === OPEN) this.socket.send(JSON.stringify(message));
  }

  /** Pings the other end. Everything sent before is answered before the `pong`. */
  check(): void {
    if (this.socket.readyState !== OPEN || this.deadline !== undefined) return;
    const askedAt = performance.now();
    this.send({ type: "ping" });
    this.deadline = setTimeout(() => {
      this.deadline = undefined;
      if (this.lastMessageAt < askedAt) this.end(BROKEN);
    }, ANSWER_MS);
  }

  close(): void {
    clearInterval(this.checks);
    clearTimeout(this.deadline);
    this.socket.onmessage = null;
    this.socket.onclose = null;
    this.socket.close();
  }

  private onMessage(data: unknown): void {
    const message = parseMessage(data);
    const isFirst = this.lastMessageAt === Number.NEGATIVE_INFINITY;
    this.lastMessageAt = performance.now();
    if (isFirst || message?.type === "pong") {
      clearTimeout(this.deadline);
      this.deadline = undefined;
    }
    if (message) this.listener.onMessage(message);
  }

  /** A dead connection takes minutes to close: this does not wait for it. */
  private end(code: number): void {
    this.close();
    this.listener.onClose(code);
  }
}
