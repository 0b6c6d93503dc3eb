import { Problem } from "../../api/problem";
import type { VideoDetails } from "../../api/types";
import { useImportProgressFlag } from "../../data/flags";
import { useReimportVideo, useRetryVideo } from "../../data/queries";
import { type TextKey, useText } from "../../i18n";
import { isUnderWay } from "../../state/progressRules";
import { Button } from "../../ui/Button";
import { ErrorNotice } from "../../ui/ErrorNotice";
import { type CardImport, SHARED_REASONS } from "../videos/cardState";
import styles from "./ReimportButton.module.css";

interface ReimportButtonProps {
  video: Pick<VideoDetails, "id" | "import_stage">;
  shown: CardImport;
}

/** Refusals that are not errors: there is nothing to do, or it is running already. */
const NOTHING_TO_DO: Readonly<Record<string, TextKey>> = {
  import_complete: "video.again.complete",
  import_under_way: "video.again.underWay",
};

const RUNNING: TextKey = "video.again.running";

/** Reimports a complete video, retries a failed one, or starts the next attempt now. */
export function ReimportButton({ video, shown }: ReimportButtonProps) {
  const text = useText();
  const isFlagOn = useImportProgressFlag();
  const retry = useRetryVideo();
  const reimport = useReimportVideo();
  const isComplete = shown.state === "complete" || shown.state === "partial";
  const begin = isComplete ? reimport : retry;
  const last = lastOf(reimport, retry);
  const hasStarted = last.isSuccess && isUnderWay(video);
  // A button that was pressed stays while its import runs, so that the keyboard focus is not lost.
  const label = labelOf(shown) ?? (hasStarted ? RUNNING : null);
  // With live updates, the import's status is shown elsewhere.
  const isStatusHere = !isFlagOn || label === "video.again.waiting";
  const note = noteOf(last.error) ?? (hasStarted && isStatusHere ? "video.again.begun" : null);
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

/** The mutation that was submitted last. */
function lastOf<Asked extends { submittedAt: number }>(one: Asked, other: Asked): Asked {
  return one.submittedAt > other.submittedAt ? one : other;
}

function noteOf(error: Error | null): TextKey | null {
  return error instanceof Problem ? (NOTHING_TO_DO[error.code] ?? null) : null;
}

/** Null where pressing would change nothing: a running import, or one that waits for a pause of all requests. */
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
