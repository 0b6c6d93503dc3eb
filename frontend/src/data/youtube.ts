import type { ChannelTab } from "../api/types";

/**
 * Guesses what a pasted text is, so that a card can be shown before the API responds.
 * The API decides (its parsers are in shared/); its response corrects a wrong guess.
 */
export type PastedKind = "video" | "playlist" | "channel" | "unknown";

const ID = /^[\w-]{11}$/;
const CHANNEL_ID = /^UC[\w-]{22}$/;
const PLAYLIST_ID = /^(PL|UU|FL|OLAK5uy_)[\w-]{10,}$/;
const HANDLE = /^@[^\s/@.]+[^\s/@]*(\/(videos|shorts|streams))?$/;
const TAB = /\/(videos|shorts|streams)\/?$/i;
const HOST = /^(www\.|m\.|music\.)?(youtube\.com|youtube-nocookie\.com|youtubekids\.com)$/;
const SHORT_HOST = /^(www\.)?youtu\.be$/;
const VIDEO_FOLDERS = new Set(["watch", "shorts", "live", "embed", "v", "vi", "e"]);
const CHANNEL_FOLDERS = new Set(["channel", "c", "user"]);
const PLAYER_WORDS = new Set(["videoseries", "live_stream"]);
const INVISIBLE = /[\u200b-\u200f\u2060\ufeff]/g;
const ADDRESS = /^(https?:)?\/\/\S|^[\w-]+(\.[\w-]+)+\//i;
const AROUND = /^[<("'«„“]+|[>)"'»”“,;.!?]+$/g;

/** The id of the one video that `text` names, or null. */
export function youtubeIdOf(text: string): string | null {
  const address = cleaned(text);
  if (ID.test(address)) return address;
  const url = youtubeUrl(address);
  if (!url) return null;
  const candidate = idIn(url);
  return ID.test(candidate) && !PLAYER_WORDS.has(candidate) ? candidate : null;
}

/** What `text`, one address, leads to. A video that is watched within a playlist is a video. */
export function kindOf(text: string): PastedKind {
  if (youtubeIdOf(text)) return "video";
  const address = cleaned(text);
  if (CHANNEL_ID.test(address) || HANDLE.test(address)) return "channel";
  if (PLAYLIST_ID.test(address)) return "playlist";
  const url = youtubeUrl(address);
  if (!url) return "unknown";
  if (url.searchParams.get("list")) return "playlist";
  const [folder = ""] = foldersOf(url);
  return folder.startsWith("@") || folder.startsWith("%40") || CHANNEL_FOLDERS.has(folder) ? "channel" : "unknown";
}

/** The list of a channel that its address `text` means. */
export function tabOf(text: string): ChannelTab {
  const address = cleaned(text);
  const tab = TAB.exec(youtubeUrl(address)?.pathname ?? address)?.[1]?.toLowerCase();
  return tab === "shorts" || tab === "streams" ? tab : "videos";
}

/**
 * The single addresses, handles and ids in a pasted or dropped text, each once, in their order. Among
 * other words only whole addresses count: "information" has eleven letters, too.
 */
export function addressesIn(text: string): string[] {
  const entries = text.split(/[\n\r\t,;|]+/).map((entry) => entry.split(/\s+/).map(cleaned).filter(Boolean));
  return [...new Set(entries.flatMap((words) => (words.every(isNamed) ? words : words.filter(isAddress))))];
}

/** As `addressesIn`, but lines without one stay as they are: the answer says what is wrong with them. */
export function entriesIn(text: string): string[] {
  const lines = text.split(/[\n\r]+/).map((line) => line.trim());
  return [...new Set(lines.flatMap((line) => (addressesIn(line).length > 0 ? addressesIn(line) : line || [])))];
}

function isNamed(word: string): boolean {
  return isAddress(word) || kindOf(word) !== "unknown";
}

function isAddress(word: string): boolean {
  return ADDRESS.test(word);
}

function cleaned(text: string): string {
  return text.replace(INVISIBLE, "").trim().replace(AROUND, "");
}

function youtubeUrl(address: string): URL | null {
  const url = urlOf(address);
  if (!url || !(HOST.test(url.hostname) || SHORT_HOST.test(url.hostname))) return null;
  const wrapped = url.pathname === "/attribution_link" ? url.searchParams.get("u") : null;
  return wrapped ? urlOf(wrapped.startsWith("/") ? `www.youtube.com${wrapped}` : wrapped) : url;
}

function urlOf(address: string): URL | null {
  if (!address.includes(".")) return null;
  try {
    const url = new URL(/^[a-z]+:\/\//i.test(address) ? address : `https://${address.replace(/^\/\//, "")}`);
    return url.protocol === "https:" || url.protocol === "http:" ? url : null;
  } catch {
    return null;
  }
}

function foldersOf(url: URL): string[] {
  return url.pathname.split("/").filter(Boolean);
}

function idIn(url: URL): string {
  const [first, second] = foldersOf(url);
  const parameter = url.searchParams.get("v")?.trim() ?? "";
  if (SHORT_HOST.test(url.hostname)) return first ?? parameter;
  if (first !== undefined && !VIDEO_FOLDERS.has(first)) return "";
  return second ?? parameter;
}
