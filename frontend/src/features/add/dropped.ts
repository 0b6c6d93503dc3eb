/** Reads what is dropped onto the page: links, text with addresses, or files. */
import { addressesIn, kindOf } from "../../data/youtube";

export interface Dropped {
  addresses: string[];
  files: File[];
}

const LINKS = "text/uri-list";
const FILES = "Files";
const TEXTS = ["text/plain", "text/html"];

/** Whether it may be something to add; while it is held, only its kinds can be seen. */
export function bringsSomething(data: DataTransfer | null): boolean {
  return bringsOverField(data) || TEXTS.some((type) => data?.types.includes(type));
}

/** Text that is dropped onto a field belongs there; links and files do not. */
export function bringsOverField(data: DataTransfer | null): boolean {
  return data?.types.includes(LINKS) || data?.types.includes(FILES) || false;
}

/** Links come first: browsers send the picture within a dragged link along as a file. */
export function droppedIn(data: DataTransfer): Dropped {
  const links = data
    .getData(LINKS)
    .split(/\r?\n/)
    .map((line) => line.trim());
  const named = links.filter((line) => line && !line.startsWith("#"));
  const found = [...new Set([...known(named), ...fromPage(data.getData("text/html"))])];
  const files = [...data.files];
  if (found.length > 0) return { addresses: found, files: [] };
  if (files.length > 0) return { addresses: [], files };
  const inText = addressesIn(data.getData("text/plain"));
  return { addresses: inText.length > 0 ? inText : named, files: [] };
}

/** YouTube's pages link the channel beside every video; a reader who drags videos does not mean it. */
function fromPage(html: string): string[] {
  if (!html) return [];
  const anchors = new DOMParser().parseFromString(html, "text/html").querySelectorAll("a[href]");
  const linked = known([...anchors].map((anchor) => anchor.getAttribute("href") ?? ""));
  const videos = linked.filter((address) => kindOf(address) === "video");
  return videos.length > 0 ? videos : linked;
}

function known(addresses: readonly string[]): string[] {
  return addresses.filter((address) => kindOf(address) !== "unknown");
}
