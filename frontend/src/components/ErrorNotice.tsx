import { usePassedFocus } from "../hooks/usePassedFocus";
import { useText } from "../i18n";
import { problemWords } from "../lib/problemWords";
import { Button } from "./Button";
import styles from "./ErrorNotice.module.css";

interface Props {
  error: unknown;
  /** Makes the same request again; without it nothing is offered. */
  onRetry?: () => unknown;
}

/** Says in plain words what went wrong. */
export function ErrorNotice({ error, onRetry }: Props) {
  const text = useText();
  const notice = usePassedFocus<HTMLDivElement>();
  return (
    <div ref={notice} className={styles.notice} role="alert">
      <p className={styles.text}>{problemWords(error, text)}</p>
      {onRetry && <Button onClick={() => void onRetry()}>{text("common.retry")}</Button>}
    </div>
  );
}
