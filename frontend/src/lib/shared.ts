import { isOwnBookmark } from "./bookmark";
import { addressesIn, kindOf } from "./youtube";

/** What a share or the bookmark brings along, in the order in which it is trusted: apps put the address anywhere. */
const FIELDS = ["url", "text", "title"];

/** The one address that was shared: a video before a playlist or channel before anything else. Null without any. */
export function sharedAddress(query: URLSearchParams): string | null {
  const addresses = FIELDS.flatMap((field) => addressesIn(query.get(field) ?? ""));
  const video = addresses.find((address) => kindOf(address) === "video" && address.includes("/"));
  const known = addresses.find((address) => kindOf(address) !== "unknown" && address.includes("/"));
  return video ?? known ?? addresses[0] ?? null;
}

/** Whether a person asked for it already: by the bookmark or by sharing into the installed app. Any page can link here. */
export function isWanted(query: URLSearchParams): boolean {
  return isOwnBookmark(query.get("token")) || window.matchMedia("(display-mode: standalone)").matches;
}

const ENDS = ["added", "duplicate", "begun"] as const;
export type SharedEnd = (typeof ENDS)[number];

/** Where the add page is when it is done: going back there, or restoring it, adds nothing. */
export function endAddress(end: SharedEnd, listId: string): string {
  return `/add?${new URLSearchParams({ done: end, list: listId })}`;
}

/** What became of a share, as `endAddress` says it; null before. */
export function endIn(query: URLSearchParams): SharedEnd | null {
  return ENDS.find((end) => end === query.get("done")) ?? null;
}
