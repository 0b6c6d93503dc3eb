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
