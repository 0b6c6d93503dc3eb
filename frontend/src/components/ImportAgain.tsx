import { Problem } from "../api/client";
import { useReimportVideo, useRetryVideo } from "../api/queries";
import { type TextKey, useText } from "../i18n";
import { type CardImport, SHARED_REASONS } from "../lib/cardState";
import { Button } from "./Button";
import { ErrorNotice } from "./ErrorNotice";
import styles from "./ImportAgain.module.css";

interface ImportAgainProps {
  videoId: string;
  shown: CardImport;
}

/** Refusals that are no errors: there is nothing to do, or it is being done. */
const NOTHING_TO_DO: Readonly<Record<string, TextKey>> = {
  import_complete: "video.again.complete",
  import_under_way: "video.again.underWay",
};

/** Fetches anew what a complete video may have by now, tries a failed one again, or lets the next attempt begin now. */
export function ImportAgain({ videoId, shown }: ImportAgainProps) {
  const text = useText();
  const retry = useRetryVideo();
  const reimport = useReimportVideo();
  const isComplete = shown.state === "complete" || shown.state === "partial";
  const begin = isComplete ? reimport : retry;
  // The page goes on from a complete video to its import: what came of the click is still to be read there.
  const { error, isSuccess } = reimport.isIdle ? retry : reimport;
  const label = labelOf(shown);
  const note = noteOf(error) ?? (isSuccess ? "video.again.begun" : null);
  return (
    <div className={styles.again}>
      {label && (
        <Button
          kind={shown.state === "error" ? "primary" : "secondary"}
          isBusy={begin.isPending}
          onClick={() => begin.mutate(videoId)}
        >
          {text(begin.isPending ? "video.again.busy" : label)}
        </Button>
      )}
      {isComplete && <p className={styles.note}>{text("video.again.what")}</p>}
      <div role="status">{note && <p className={styles.note}>{text(note)}</p>}</div>
      {error && !noteOf(error) && <ErrorNotice error={error} />}
    </div>
  );
}

function noteOf(error: Error | null): TextKey | null {
  return error instanceof Problem ? (NOTHING_TO_DO[error.code] ?? null) : null;
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
