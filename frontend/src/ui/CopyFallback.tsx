import { useEffect, useId, useRef } from "react";
import { useText } from "../i18n";
import { Button } from "./Button";
import styles from "./CopyFallback.module.css";
import { restoreFocus } from "./restoreFocus";

/** The text, selected, for browsers that do not let a page copy. */
export function CopyFallback({ text: content, onClose }: { text: string; onClose: () => void }) {
  const text = useText();
  const hintId = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  useEffect(() => {
    const before = document.activeElement;
    return () => restoreFocus(before);
  }, []);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another text is selected again.
  useEffect(() => {
    field.current?.focus();
    field.current?.select();
  }, [content]);
  return (
    <div className={styles.box}>
      <p id={hintId} role="alert" className={styles.hint}>
        {text("transcript.copy.fallback")}
      </p>
      <textarea
        ref={field}
        className={styles.text}
        aria-label={text("transcript.copy.text")}
        aria-describedby={hintId}
        rows={4}
        readOnly
        value={content}
      />
      <Button onClick={onClose}>{text("common.close")}</Button>
    </div>
  );
}
