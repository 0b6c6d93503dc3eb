import { type RefObject, useRef } from "react";
import { nextFocusTarget } from "./nextFocusTarget";
import { useFocusFallback } from "./useFocusFallback";

/** For an element that may be removed while it contains the focus, which then moves to `nextFocusTarget`. */
export function useFocusHandover<Going extends HTMLElement>(): RefObject<Going | null> {
  const ref = useRef<Going>(null);
  useFocusFallback(ref, nextFocusTarget);
  return ref;
}
