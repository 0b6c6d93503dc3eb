const WINDOW = "width=480,height=640";

/**
 * A bookmark that opens the add page, in a small window, with the page that one is on. It runs in that page, which sees all of it:
 * so it carries nothing that would let the add page add without asking.
 */
export function bookmarkAddress(origin: string, list: string): string {
  const page = JSON.stringify(`${origin}/add?${new URLSearchParams({ list })}&url=`);
  const asked = `${page}+encodeURIComponent(location.href)+"&title="+encodeURIComponent(document.title)`;
  return `javascript:${encodeURIComponent(`void window.open(${asked},"vidferry-add","${WINDOW}")`)}`;
}
