import { useSyncExternalStore } from "react";

/** As in the style sheets: below this, the lists are a drawer. */
const NARROW = "(max-width: 760px)";

export function useIsNarrow(): boolean {
  return useSyncExternalStore(subscribe, () => window.matchMedia(NARROW).matches);
}

function subscribe(onChange: () => void): () => void {
  const query = window.matchMedia(NARROW);
  query.addEventListener("change", onChange);
  return () => query.removeEventListener("change", onChange);
}
