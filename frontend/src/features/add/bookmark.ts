const WINDOW = "width=480,height=640";
const STORAGE_KEY = "vidferry.bookmark";
const TOKEN_BYTES = 16;

/** Where a bookmark adds to, and what it shows that it was made here. */
export interface BookmarkFields {
  list: string;
  /** Null: the add page asks before it adds. */
  token: string | null;
}

/** A bookmark that opens the add page, in a small window, with the page that one is on. */
export function bookmarkAddress(origin: string, { list, token }: BookmarkFields): string {
  const own = new URLSearchParams({ list, ...(token && { token }) });
  const page = JSON.stringify(`${origin}/add?${own}&url=`);
  const asked = `${page}+encodeURIComponent(location.href)+"&title="+encodeURIComponent(document.title)`;
  return `javascript:${encodeURIComponent(`void window.open(${asked},"vidferry-add","${WINDOW}")`)}`;
}

/**
 * What this browser's bookmarks carry, so that no other page can add anything by a mere link; made at the first call.
 * Null where nothing can be kept.
 */
export function bookmarkToken(): string | null {
  try {
    const kept = localStorage.getItem(STORAGE_KEY);
    if (kept) return kept;
    const bytes = crypto.getRandomValues(new Uint8Array(TOKEN_BYTES));
    const token = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
    localStorage.setItem(STORAGE_KEY, token);
    return token;
  } catch {
    return null;
  }
}

/** Whether `token` is what this browser's bookmarks carry. */
export function isOwnBookmark(token: string | null): boolean {
  try {
    return Boolean(token) && token === localStorage.getItem(STORAGE_KEY);
  } catch {
    return false;
  }
}
