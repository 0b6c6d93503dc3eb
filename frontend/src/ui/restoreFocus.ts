/**
 * Restores a focus that was lost with its element: to `next`, else to the open dialog, else to the page's content.
 * Without this, the keyboard would start again at the top of the document.
 */
export function restoreFocus(next: Element | null): void {
  const dialog = [...document.querySelectorAll("dialog[open]")].at(-1);
  for (const target of [next, dialog?.querySelector("button"), document.querySelector("main")]) {
    if (document.activeElement !== document.body) return;
    // Does nothing if it is not in the document, or below an open dialog.
    if (target instanceof HTMLElement) target.focus({ preventScroll: true });
  }
}
