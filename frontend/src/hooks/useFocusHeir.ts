import { type RefObject, useLayoutEffect } from "react";

/**
 * When `box` goes away with the focus in it, the focus goes on to its heir instead of nowhere. `heirOf` has to stay the
 * same function.
 */
export function useFocusHeir(
  box: RefObject<HTMLElement | null>,
  heirOf: (box: HTMLElement) => HTMLElement | null | undefined,
): void {
  useLayoutEffect(() => {
    // Runs just before it leaves the page.
    return () => {
      const element = box.current;
      if (element?.contains(document.activeElement)) heirOf(element)?.focus({ preventScroll: true });
    };
  }, [box, heirOf]);
}
