import { type FocusEvent, useEffect, useState } from "react";
import { useText } from "../i18n";
import { Button } from "./Button";
import { CloseIcon } from "./icons";
import { nextFocusTarget } from "./nextFocusTarget";
import styles from "./Toasts.module.css";
import { dismissToast, type Toast, useToasts } from "./toasts";
import { useFocusHandover } from "./useFocusHandover";

const SHOWN_MS = 8_000;
/** With an action, there is something to decide. */
const WITH_ACTION_MS = 20_000;

/** Short notices at the edge of the page. A toast stays while it is hovered or has the keyboard focus. */
export function Toasts() {
  const text = useText();
  const toasts = useToasts((state) => state.toasts);
  return (
    <section className={styles.toasts} aria-label={text("live.toasts")} aria-live="polite" aria-relevant="additions">
      {toasts.map((item) => (
        <ToastItem key={item.id} toast={item} />
      ))}
    </section>
  );
}

function ToastItem({ toast: { id, text: words, action } }: { toast: Toast }) {
  const text = useText();
  const item = useFocusHandover<HTMLDivElement>();
  const holding = useHolding(id, action ? WITH_ACTION_MS : SHOWN_MS);
  const close = () => {
    // Once it is removed, the next toast would get no focus event and would not stay.
    if (item.current?.contains(document.activeElement)) nextFocusTarget(item.current)?.focus({ preventScroll: true });
    dismissToast(id);
  };
  const act = () => {
    close();
    action?.run();
  };
  return (
    <div ref={item} className={styles.toast} tabIndex={-1} {...holding}>
      <p className={styles.text}>{words}</p>
      {action && <Button onClick={act}>{action.label}</Button>}
      <Button kind="quiet" isIcon aria-label={text("live.toast.close")} onClick={close}>
        <CloseIcon />
      </Button>
    </div>
  );
}

/** Dismisses a toast after `ms` without hover or focus; returns props for the toast. */
function useHolding(id: number, ms: number) {
  const [isPointed, setPointed] = useState(false);
  const [isFocused, setFocused] = useState(false);
  const isHeld = isPointed || isFocused;
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => dismissToast(id), ms);
    return () => clearTimeout(timer);
  }, [id, isHeld, ms]);
  return {
    onMouseEnter: () => setPointed(true),
    onMouseLeave: () => setPointed(false),
    // A click or touch also leaves the focus behind, but does not mean that the reader stays.
    onFocus: (event: FocusEvent) => setFocused(event.target.matches(":focus-visible")),
    onBlur: () => setFocused(false),
  };
}
