import { useEffect, useLayoutEffect } from "react";
import { useLocation } from "wouter";
import { ScrollRestoration } from "./scrollRestoration";

const positions = new ScrollRestoration();

/** A new page starts at its top; going back or forward restores the scroll position. */
export function useScrollRestoration(): void {
  const [location] = useLocation();
  useEffect(() => positions.follow(), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the position belongs to the location.
  useLayoutEffect(() => positions.enter(), [location]);
}
