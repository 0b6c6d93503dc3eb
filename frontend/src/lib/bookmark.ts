const WINDOW = "width=480,height=640";

/** A bookmark that opens the add page, in a small window, with the page that one is on. */
export function bookmarkAddress(origin: string): string {
  const page = JSON.stringify(`${origin}/add?url=`);
  const asked = `${page}+encodeURIComponent(location.href)+"&title="+encodeURIComponent(document.title)`;
  return `javascript:${encodeURIComponent(`void window.open(${asked},"vidferry-add","${WINDOW}")`)}`;
}
