/**
 * The element to focus when `leaving` is removed while it has the focus: a sibling or an ancestor with a `tabIndex`, else
 * the page's content.
 */
export function nextFocusTarget(leaving: HTMLElement): HTMLElement | null {
  const { nextElementSibling: next, previousElementSibling: previous, parentElement: parent } = leaving;
  const candidates = [next, previous, parent?.closest("[tabindex]")];
  const target = candidates.find((candidate) => candidate instanceof HTMLElement && candidate.hasAttribute("tabindex"));
  return (target as HTMLElement | undefined) ?? document.querySelector("main");
}
