import { useText } from "../i18n";
import { Button } from "./Button";
import styles from "./ErrorNotice.module.css";
import { errorMessage } from "./errorMessage";
import { useFocusHandover } from "./useFocusHandover";

interface Props {
  error: unknown;
  /** Makes the same request again; without it nothing is offered. */
  onRetry?: () => unknown;
}

/** Says in plain words what went wrong. */
export function ErrorNotice({ error, onRetry }: Props) {
  const text = useText();
  const notice = useFocusHandover<HTMLDivElement>();
  return (
    <div ref={notice} className={styles.notice} role="alert">
      <p className={styles.text}>{errorMessage(error, text)}</p>
      {onRetry && <Button onClick={() => void onRetry()}>{text("common.retry")}</Button>}
    </div>
  );
}
