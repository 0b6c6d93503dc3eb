/**
 * Where what had the focus has gone, the keyboard goes on with `next`; where that has gone, too, with the open dialog or
 * the page. Otherwise it would begin again at the top of everything.
 */
export function catchFocus(next: Element | null): void {
  const dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
  for (const place of [next, dialog?.querySelector("button"), document.querySelector("main")]) {
    if (document.activeElement !== document.body) return;
    // Does nothing where it is not in the page, or where a dialog lies above it.
    if (place instanceof HTMLElement) place.focus({ preventScroll: true });
  }
}
