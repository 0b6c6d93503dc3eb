/** The one way to the API: typed, on the page's own origin, in the reader's language. */
import createClient from "openapi-fetch";
import { currentLanguage } from "../stores/preferences";
import type { paths } from "./schema";
import type { FieldError, ProblemCode, ProblemDetails } from "./types";

/** `unreachable`: no answer came; `unreadable`: something other than the API answered. */
export type FailureCode = ProblemCode | "unreachable" | "unreadable";

/** What the API says when it refuses, in plain words (`detail`), or that it could not be asked (`status` 0). */
export class Problem extends Error {
  readonly status: number;
  readonly code: FailureCode;
  readonly detail: string;
  readonly errors: FieldError[];
  readonly body: Partial<ProblemDetails>;

  constructor(status: number, body: Partial<ProblemDetails> = {}) {
    super(body.detail ?? `status ${status}`);
    this.name = "Problem";
    this.status = status;
    this.code = body.code ?? (status === 0 ? "unreachable" : "unreadable");
    this.detail = body.detail ?? "";
    this.errors = body.errors ?? [];
    this.body = body;
  }

  /** Whether nothing is at this address, or nothing ever can be: it is no id. */
  get isMissing(): boolean {
    return this.status === 404 || this.status === 422;
  }

  /** Whether the same request may succeed a little later. */
  get isPassing(): boolean {
    return this.status === 0 || this.status >= 500;
  }
}

const ANSWER_MS = 20_000;
const UPLOAD_MS = 120_000;
/** The API gives YouTube almost half a minute for this one. */
const PREVIEW_MS = 45_000;

export const api = createClient<paths>({
  baseUrl: globalThis.location.origin,
  // Looked up for every call, so that tests can put their own in its place.
  fetch: (request) => globalThis.fetch(request, { signal: limited(request) }),
});

/** Whoever answers nothing for so long will not: what waits for it would wait for ever. */
function limited(request: Request): AbortSignal {
  return AbortSignal.any([request.signal, AbortSignal.timeout(longestFor(request))]);
}

function longestFor(request: Request): number {
  if (request.headers.get("Content-Type")?.startsWith("multipart/form-data")) return UPLOAD_MS;
  return request.url.endsWith("/imports/preview") ? PREVIEW_MS : ANSWER_MS;
}

api.use({
  onRequest({ request }) {
    request.headers.set("Accept-Language", currentLanguage());
    return request;
  },
});

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The answer's content. Throws Problem where there is none. */
export async function answerOf<T>(call: Promise<Answer<T>>): Promise<T> {
  const answer = await reached(call);
  if (!answer.response.ok) {
    throw new Problem(answer.response.status, detailsOf(answer.error));
  }
  return answer.data as T;
}

async function reached<T>(call: Promise<Answer<T>>): Promise<Answer<T>> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Problem(0);
  }
}

function detailsOf(error: unknown): Partial<ProblemDetails> | undefined {
  const isDetails = typeof error === "object" && error !== null && "code" in error && "detail" in error;
  return isDetails ? (error as Partial<ProblemDetails>) : undefined;
}
