import { type RefObject, useEffect, useRef } from "react";
import { restoreFocus } from "./restoreFocus";

/**
 * Shows a <dialog> as a modal one for as long as it is there: the browser keeps the focus inside. Afterwards the focus
 * goes back to where it was, or near it. It begins with what has `data-autofocus`, else with what the browser chooses.
 */
export function useModal(): RefObject<HTMLDialogElement | null> {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    const opened = dialog.current;
    opened?.showModal();
    opened?.querySelector<HTMLElement>("[data-autofocus]")?.focus();
    return () => {
      opened?.close();
      restoreFocus(before);
    };
  }, []);
  return dialog;
}
