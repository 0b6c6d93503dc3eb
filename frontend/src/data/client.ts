/** The API client: typed, on the page's own origin, in the reader's language. */
import createClient from "openapi-fetch";
import { Problem } from "../api/problem";
import type { paths } from "../api/schema";
import type { ProblemDetails } from "../api/types";
import { currentLanguage } from "../state/preferences";

const ANSWER_MS = 20_000;
const UPLOAD_MS = 120_000;
/** The API gives YouTube almost half a minute for this one. */
const PREVIEW_MS = 45_000;

export const api = createClient<paths>({
  baseUrl: globalThis.location.origin,
  // Looked up for every call, so that tests can replace it.
  fetch: (request) => globalThis.fetch(request, { signal: limited(request) }),
});

/** Adds a timeout to the request's own abort signal. */
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

/** The response's content. Throws Problem if the request failed. */
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
