import { useEffect, useLayoutEffect } from "react";
import { useLocation } from "wouter";
import { ScrollPlaces } from "../lib/scrollPlaces";

const places = new ScrollPlaces();

/** A page that was gone to begins at its top; one that was gone back to, where it was left. */
export function useScrollPlaces(): void {
  const [location] = useLocation();
  useEffect(() => places.follow(), []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the place belongs to the location.
  useLayoutEffect(() => places.enter(), [location]);
}
