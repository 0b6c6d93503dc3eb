/** Stands in for the API: answers by method and path, and remembers what was asked. */
import type { ProblemDetails } from "../api/types";
import { aConfig, someProblem } from "./data";

export interface ApiRequest {
  method: string;
  path: string;
  query: URLSearchParams;
  /** Values of the places in the handler's path. */
  params: Record<string, string>;
  /** JSON, or the fields of a form; undefined where there is none. */
  body: unknown;
  headers: Headers;
}

export type ApiHandler = (request: ApiRequest) => unknown;

/** By "METHOD /path", such as "GET /api/lists/{id}/videos"; the answer, or a function that makes it. */
export type ApiHandlers = Record<string, unknown>;

const DEFAULTS: ApiHandlers = {
  "GET /api/config": () => aConfig(),
  "GET /api/versions": () => ({ vidferry: "0.1.0", extractor: null }),
  "GET /api/lists": () => ({ items: [], next_cursor: null }),
  "GET /api/batches": () => ({ items: [], next_cursor: null }),
  "GET /api/upstreams": () => ({ items: [] }),
  "GET /api/subscriptions": () => ({ items: [], next_cursor: null }),
};

/** An answer with another status than 200. */
export function reply(status: number, body?: unknown): Response {
  const text = body === undefined ? null : JSON.stringify(body);
  return new Response(text, { status, headers: { "Content-Type": "application/json" } });
}

/** A refusal as the API words it. */
export function refuse(status: number, known: Partial<ProblemDetails> = {}): Response {
  return reply(status, someProblem({ status, ...known }));
}

/** Replaces fetch by a fake API. A handler that throws is an unreachable server. */
export function installApi(handlers: ApiHandlers = {}): { requests: ApiRequest[] } {
  const all = { ...DEFAULTS, ...handlers };
  const requests: ApiRequest[] = [];
  globalThis.fetch = async (input, init) => {
    const request = input instanceof Request ? input : new Request(input, init);
    const asked = await taken(request);
    const found = match(all, asked);
    requests.push(found?.request ?? asked);
    if (!found) return refuse(404, { code: "route_not_found", detail: `No handler: ${asked.method} ${asked.path}` });
    const answer = await (typeof found.handler === "function" ? found.handler(found.request) : found.handler);
    if (answer instanceof Response) return answer;
    return answer === undefined ? new Response(null, { status: 204 }) : reply(200, answer);
  };
  return { requests };
}

async function taken(request: Request): Promise<ApiRequest> {
  const url = new URL(request.url);
  return {
    method: request.method,
    path: url.pathname,
    query: url.searchParams,
    params: {},
    body: await bodyOf(request),
    headers: request.headers,
  };
}

async function bodyOf(request: Request): Promise<unknown> {
  if (request.method === "GET" || request.method === "DELETE") return undefined;
  if (request.headers.get("Content-Type")?.startsWith("multipart/form-data")) {
    return Object.fromEntries((await request.formData()).entries());
  }
  const text = await request.text();
  return text ? JSON.parse(text) : undefined;
}

function match(handlers: ApiHandlers, asked: ApiRequest): { handler: unknown; request: ApiRequest } | null {
  for (const [name, handler] of Object.entries(handlers).reverse()) {
    const [method, pattern = ""] = name.split(" ");
    const params = method === asked.method ? paramsOf(pattern, asked.path) : null;
    if (params) return { handler, request: { ...asked, params } };
  }
  return null;
}

function paramsOf(pattern: string, path: string): Record<string, string> | null {
  const named = pattern.replace(/[{:](\w+)}?/g, "(?<$1>[^/]+)");
  const found = new RegExp(`^${named}$`).exec(path);
  return found && { ...found.groups };
}
