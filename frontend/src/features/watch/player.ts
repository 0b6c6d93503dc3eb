/**
 * YouTube's embedded player, spoken to by messages alone: no script of YouTube's runs in this page.
 *
 * The frame is sent `listening` until it answers; then it reports its time about four times a second and accepts
 * commands. Only the host that sets no cookies before something is played is ever asked.
 */

export const PLAYER_ORIGIN = "https://www.youtube-nocookie.com";

const GREETING_PAUSE_MS = 250;
/** Frames that cannot be reached (offline, blocked) never answer: each greeting is a warning in the browser's log. */
const MAX_GREETINGS = 40;
const PLAYING = 1;

export interface EmbedOptions {
  /** Of this page: the player answers no other. */
  origin: string;
  language: string;
  startSeconds: number;
}

/** What the player reported; a field that it did not report is missing. */
export interface PlayerNews {
  seconds?: number;
  isPlaying?: boolean;
}

export function embedAddress(youtubeId: string, { origin, language, startSeconds }: EmbedOptions): string {
  const query = new URLSearchParams({
    enablejsapi: "1",
    origin,
    hl: language,
    autoplay: "1",
    playsinline: "1",
    rel: "0",
  });
  if (startSeconds >= 1) query.set("start", String(Math.floor(startSeconds)));
  return `${PLAYER_ORIGIN}/embed/${encodeURIComponent(youtubeId)}?${query}`;
}

/** What a message of the player says; null if it is none. */
export function readPlayerMessage(data: unknown): PlayerNews | null {
  const message = typeof data === "string" ? parsed(data) : data;
  if (!isRecord(message) || typeof message.event !== "string") return null;
  if (message.event === "onStateChange") return stateNews(message.info);
  if (!isRecord(message.info)) return {};
  const { currentTime, playerState } = message.info;
  const news = stateNews(playerState);
  if (typeof currentTime === "number" && Number.isFinite(currentTime)) news.seconds = currentTime;
  return news;
}

/** The line to one loaded player frame. */
export class PlayerLink {
  #isAnswered = false;
  #greetings = 0;
  #timer: ReturnType<typeof setInterval>;
  #wantedSeconds: number | null = null;

  constructor(
    private readonly frame: Window,
    private readonly onNews: (news: PlayerNews) => void,
  ) {
    window.addEventListener("message", this.#receive);
    this.#timer = setInterval(this.#greet, GREETING_PAUSE_MS);
    this.#greet();
  }

  /** Go there and play. Said before the player answers, it is done as soon as it does. */
  seekTo(seconds: number): void {
    if (!this.#isAnswered) {
      this.#wantedSeconds = seconds;
      return;
    }
    this.#command("seekTo", seconds, true);
    this.#command("playVideo");
  }

  close(): void {
    clearInterval(this.#timer);
    window.removeEventListener("message", this.#receive);
  }

  #greet = (): void => {
    this.#greetings += 1;
    if (this.#greetings >= MAX_GREETINGS) clearInterval(this.#timer);
    this.#send({ event: "listening" });
  };

  #receive = (message: MessageEvent<unknown>): void => {
    if (message.origin !== PLAYER_ORIGIN || message.source !== this.frame) return;
    const news = readPlayerMessage(message.data);
    if (news === null) return;
    if (!this.#isAnswered) this.#answered();
    this.onNews(news);
  };

  #answered(): void {
    this.#isAnswered = true;
    clearInterval(this.#timer);
    if (this.#wantedSeconds !== null) this.seekTo(this.#wantedSeconds);
  }

  #command(func: string, ...args: unknown[]): void {
    this.#send({ event: "command", func, args });
  }

  #send(message: Record<string, unknown>): void {
    this.frame.postMessage(JSON.stringify({ ...message, id: "vidferry", channel: "widget" }), PLAYER_ORIGIN);
  }
}

function stateNews(playerState: unknown): PlayerNews {
  return typeof playerState === "number" ? { isPlaying: playerState === PLAYING } : {};
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
