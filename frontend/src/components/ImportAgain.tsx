import { Problem } from "../api/client";
import { useReimportVideo, useRetryVideo } from "../api/queries";
import type { VideoDetails } from "../api/types";
import { type TextKey, useText } from "../i18n";
import { type CardImport, isUnderWay, SHARED_REASONS } from "../lib/cardState";
import { useImportProgressFlag } from "../lib/flags";
import { Button } from "./Button";
import { ErrorNotice } from "./ErrorNotice";
import styles from "./ImportAgain.module.css";

interface ImportAgainProps {
  video: Pick<VideoDetails, "id" | "import_stage">;
  shown: CardImport;
}

/** Refusals that are no errors: there is nothing to do, or it is being done. */
const NOTHING_TO_DO: Readonly<Record<string, TextKey>> = {
  import_complete: "video.again.complete",
  import_under_way: "video.again.underWay",
};

const RUNNING: TextKey = "video.again.running";

/** Fetches anew what a complete video may have by now, tries a failed one again, or lets the next attempt begin now. */
export function ImportAgain({ video, shown }: ImportAgainProps) {
  const text = useText();
  const isFlagOn = useImportProgressFlag();
  const retry = useRetryVideo();
  const reimport = useReimportVideo();
  const isComplete = shown.state === "complete" || shown.state === "partial";
  const begin = isComplete ? reimport : retry;
  const last = lastOf(reimport, retry);
  const isBegun = last.isSuccess && isUnderWay(video);
  // A button that was pressed stays while its import runs: the keyboard would be nowhere otherwise.
  const label = labelOf(shown) ?? (isBegun ? RUNNING : null);
  // Elsewhere it is told how the import goes.
  const isToldHere = !isFlagOn || label === "video.again.waiting";
  const note = noteOf(last.error) ?? (isBegun && isToldHere ? "video.again.begun" : null);
  return (
    <div className={styles.again}>
      {label && (
        <Button
          kind={shown.state === "error" ? "primary" : "secondary"}
          isBusy={last.isPending || label === RUNNING}
          onClick={() => begin.mutate(video.id)}
        >
          {text(last.isPending ? "video.again.busy" : label)}
        </Button>
      )}
      {isComplete && <p className={styles.note}>{text("video.again.what")}</p>}
      <div role="status">{note && <p className={styles.note}>{text(note)}</p>}</div>
      {last.error && !noteOf(last.error) && <ErrorNotice error={last.error} />}
    </div>
  );
}

/** What was asked for last counts. */
function lastOf<Asked extends { submittedAt: number }>(one: Asked, other: Asked): Asked {
  return one.submittedAt > other.submittedAt ? one : other;
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
