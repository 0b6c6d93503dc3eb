import { Problem } from "../api/client";
import { type TextKey, useText } from "../i18n";
import { Button } from "./Button";
import styles from "./ErrorNotice.module.css";

interface Props {
  error: unknown;
  /** Makes the same request again; without it nothing is offered. */
  onRetry?: () => unknown;
}

/** Says in plain words what went wrong. The API's own sentence comes first: it knows best. */
export function ErrorNotice({ error, onRetry }: Props) {
  const text = useText();
  return (
    <div className={styles.notice} role="alert">
      <p className={styles.text}>{detailOf(error) || text(ownText(error))}</p>
      {onRetry && <Button onClick={() => void onRetry()}>{text("common.retry")}</Button>}
    </div>
  );
}

/** The first field's complaint says more than "this is not valid". */
function detailOf(error: unknown): string {
  return error instanceof Problem ? (error.errors[0]?.message ?? error.detail) : "";
}

function ownText(error: unknown): TextKey {
  if (!(error instanceof Problem) || error.status !== 0) return "error.unexpected";
  return navigator.onLine ? "error.unreachable" : "error.offline";
}
