import { useEffect, useState } from "react";
import { useText } from "../i18n";
import { dismissToast, type Toast, useToasts } from "../stores/toasts";
import { Button } from "./Button";
import { CloseIcon } from "./icons";
import styles from "./Toasts.module.css";

const SHOWN_MS = 8_000;
/** There is something to decide. */
const WITH_ACTION_MS = 20_000;

/** Short notices at the edge of the page. They stay while somebody points at them or is in them. */
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
  const [isHeld, setHeld] = useState(false);
  const hasAction = action !== undefined;
  useEffect(() => {
    if (isHeld) return;
    const timer = setTimeout(() => dismissToast(id), hasAction ? WITH_ACTION_MS : SHOWN_MS);
    return () => clearTimeout(timer);
  }, [id, isHeld, hasAction]);
  const act = () => {
    dismissToast(id);
    action?.run();
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: pointing at it only keeps it; there is nothing to press.
    <div
      className={styles.toast}
      onMouseEnter={() => setHeld(true)}
      onMouseLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <p className={styles.text}>{words}</p>
      {action && <Button onClick={act}>{action.label}</Button>}
      <Button kind="quiet" isIcon aria-label={text("live.toast.close")} onClick={() => dismissToast(id)}>
        <CloseIcon />
      </Button>
    </div>
  );
}
