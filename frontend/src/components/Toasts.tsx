import { type FocusEvent, useEffect, useState } from "react";
import { usePassedFocus } from "../hooks/usePassedFocus";
import { useText } from "../i18n";
import { heirBeside } from "../lib/heirBeside";
import { dismissToast, type Toast, useToasts } from "../stores/toasts";
import { Button } from "./Button";
import { ConnectionNotice } from "./ConnectionNotice";
import { CloseIcon } from "./icons";
import styles from "./Toasts.module.css";

const SHOWN_MS = 8_000;
/** There is something to decide. */
const WITH_ACTION_MS = 20_000;

/** Short notices at the edge of the page. They stay while somebody points at them or is in them by keyboard. */
export function Toasts() {
  const text = useText();
  const toasts = useToasts((state) => state.toasts);
  return (
    <div className={styles.column}>
      <ConnectionNotice />
      <section className={styles.toasts} aria-label={text("live.toasts")} aria-live="polite" aria-relevant="additions">
        {toasts.map((item) => (
          <ToastItem key={item.id} toast={item} />
        ))}
      </section>
    </div>
  );
}

function ToastItem({ toast: { id, text: words, action } }: { toast: Toast }) {
  const text = useText();
  const item = usePassedFocus<HTMLDivElement>();
  const holding = useHolding(id, action ? WITH_ACTION_MS : SHOWN_MS);
  const close = () => {
    // While it goes, the next one would not hear of it, and not hold.
    if (item.current?.contains(document.activeElement)) heirBeside(item.current)?.focus({ preventScroll: true });
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

/** Dismisses a toast after `ms` in which nobody was there; to be spread onto it. */
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
    // A click or a finger leaves the focus behind as well, but nobody stays there.
    onFocus: (event: FocusEvent) => setFocused(event.target.matches(":focus-visible")),
    onBlur: () => setFocused(false),
  };
}
