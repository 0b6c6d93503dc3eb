import { addressesIn, kindOf } from "../../data/youtube";

/** The fields of a share or the bookmark, most reliable first: apps put the address into any of them. */
const FIELDS = ["url", "text", "title"];

/** The one address that was shared: a video before a playlist or channel before anything else. Null without any. */
export function sharedAddress(query: URLSearchParams): string | null {
  const addresses = FIELDS.flatMap((field) => addressesIn(query.get(field) ?? ""));
  const video = addresses.find((address) => kindOf(address) === "video" && address.includes("/"));
  const known = addresses.find((address) => kindOf(address) !== "unknown" && address.includes("/"));
  return video ?? known ?? addresses[0] ?? null;
}

const OUTCOMES = ["added", "duplicate", "begun"] as const;
export type ShareOutcome = (typeof OUTCOMES)[number];

/** The address of the add page when it is done: going back there, or restoring it, adds nothing. */
export function outcomeAddress(outcome: ShareOutcome, listId: string): string {
  return `/add?${new URLSearchParams({ done: outcome, list: listId })}`;
}

/** The outcome that `outcomeAddress` has put into the address; null before. */
export function outcomeIn(query: URLSearchParams): ShareOutcome | null {
  return OUTCOMES.find((outcome) => outcome === query.get("done")) ?? null;
}
