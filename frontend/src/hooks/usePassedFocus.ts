import { type RefObject, useRef } from "react";
import { heirBeside } from "../lib/heirBeside";
import { useFocusHeir } from "./useFocusHeir";

/** For what may go from the page while the focus is in it: that goes on to what is beside it, see `heirBeside`. */
export function usePassedFocus<Going extends HTMLElement>(): RefObject<Going | null> {
  const ref = useRef<Going>(null);
  useFocusHeir(ref, heirBeside);
  return ref;
}
