import { type RefObject, useLayoutEffect } from "react";

/**
 * Moves the focus to `fallbackOf(box)` when `box` is removed while it contains the focus. `fallbackOf` has to be a stable
 * function.
 */
export function useFocusFallback(
  box: RefObject<HTMLElement | null>,
  fallbackOf: (box: HTMLElement) => HTMLElement | null | undefined,
): void {
  useLayoutEffect(() => {
    // Runs just before it leaves the page.
    return () => {
      const element = box.current;
      if (element?.contains(document.activeElement)) fallbackOf(element)?.focus({ preventScroll: true });
    };
  }, [box, fallbackOf]);
}
