import { Problem } from "../api/client";
import { useRetryVideo } from "../api/queries";
import { type TextKey, useText } from "../i18n";
import { type CardImport, SHARED_REASONS } from "../lib/cardState";
import { Button } from "./Button";
import { ErrorNotice } from "./ErrorNotice";
import styles from "./ImportAgain.module.css";

interface ImportAgainProps {
  videoId: string;
  shown: CardImport;
}

/** Imports a video once more, or makes the next attempt of its import now; says so where there is nothing to do. */
export function ImportAgain({ videoId, shown }: ImportAgainProps) {
  const text = useText();
  const retry = useRetryVideo();
  const label = labelOf(shown);
  const isComplete = retry.error instanceof Problem && retry.error.code === "import_complete";
  return (
    <div className={styles.again}>
      {label && (
        <Button
          kind={shown.state === "error" ? "primary" : "secondary"}
          isBusy={retry.isPending}
          onClick={() => retry.mutate(videoId)}
        >
          {text(retry.isPending ? "video.again.busy" : label)}
        </Button>
      )}
      <div role="status">
        {retry.isSuccess && <p className={styles.note}>{text("video.again.begun")}</p>}
        {isComplete && <p className={styles.note}>{text("video.again.complete")}</p>}
      </div>
      {retry.error && !isComplete && <ErrorNotice error={retry.error} />}
    </div>
  );
}

/** Null where pressing would change nothing: an import under way, or one that waits for everybody's pause. */
function labelOf({ state, reason }: CardImport): TextKey | null {
  switch (state) {
    case "error":
      return "video.again.failed";
    case "complete":
    case "partial":
      return "video.again";
    case "upcoming":
    case "live":
      return "video.again.waiting";
    case "waiting":
      return reason !== null && !SHARED_REASONS.has(reason) ? "video.again.waiting" : null;
    case "importing":
      return null;
  }
}
