/** Turns pasted or dropped addresses into API requests. */
import { Problem } from "../../api/problem";
import type { PreviewRequest } from "../../data/queries";
import { kindOf, youtubeIdOf } from "../../data/youtube";

/** As the API takes them in one request; more of them go as a file. */
export const MAX_URLS = 1000;

export interface Requests {
  /** The one video, which is added without a question. */
  single: string | null;
  /** Everything else, to be looked at one after another. */
  requests: PreviewRequest[];
}

/** Videos together, each playlist and channel in a request of its own, as the API requires. */
export function requestsFor(addresses: readonly string[]): Requests {
  const sources = addresses.filter(isSource);
  const urls = distinct(addresses.filter((address) => !isSource(address)));
  const requests: PreviewRequest[] = sources.map((source) => ({ source }));
  if (urls.length > 1) requests.unshift(urls.length > MAX_URLS ? { file: asFile(urls) } : { urls });
  return { single: urls.length === 1 ? (urls[0] ?? null) : null, requests };
}

/** One video may be named in several ways. */
function distinct(addresses: readonly string[]): string[] {
  const byVideo = new Map<string, string>();
  for (const address of addresses) {
    const name = youtubeIdOf(address) ?? address;
    if (!byVideo.has(name)) byVideo.set(name, address);
  }
  return [...byVideo.values()];
}

function isSource(address: string): boolean {
  const kind = kindOf(address);
  return kind === "playlist" || kind === "channel";
}

function asFile(urls: readonly string[]): File {
  return new File([urls.join("\n")], "addresses.csv", { type: "text/csv" });
}

const SOURCE_CODES = new Set(["playlist", "channel"]);

/** Whether the API refused an address as a video because it stands for many. */
export function isSourceRefusal(error: unknown): boolean {
  return error instanceof Problem && SOURCE_CODES.has(error.errors[0]?.code ?? "");
}
