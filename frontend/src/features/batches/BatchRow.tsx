import { type ReactNode, useState } from "react";
import { type Text, useFormat, useText } from "../../i18n";
import { type BatchStatus, forgetBatch } from "../../state/progress";
import { Button } from "../../ui/Button";
import { CloseIcon } from "../../ui/icons";
import { ProgressBar } from "../../ui/ProgressBar";
import { useFocusHandover } from "../../ui/useFocusHandover";
import styles from "./BatchBanner.module.css";
import { batchSummary, batchTitle } from "./batchTexts";
import { CancelBatchDialog } from "./CancelBatchDialog";
import { againKey, useBatchActions } from "./useBatchActions";
import { useTimeRemaining } from "./useTimeRemaining";

/** One import of many videos: how far it is, and what can be done about it. */
export function BatchRow({ batch }: { batch: BatchStatus }) {
  const text = useText();
  const { span } = useFormat();
  const rest = useTimeRemaining(batch);
  const title = batchTitle(batch, text);
  const label = text("live.batch.label", { title });
  const figures = figuresOf(batch, text);
  const row = useFocusHandover<HTMLElement>();
  return (
    <section ref={row} className={styles.row} aria-label={label} tabIndex={-1}>
      <div className={styles.words}>
        <strong className={styles.title}>{title}</strong>
        <span className={styles.figures}>
          {figures}
          {rest !== null && `, ${text("live.batch.rest", { span: span(rest) })}`}
        </span>
        {batch.message && <span className={styles.reason}>{batch.message}</span>}
      </div>
      {batch.isOver && <WhenOver batch={batch} />}
      {!batch.isOver && batch.state !== "cancelled" && <UnderWay batch={batch} />}
      {!batch.isOver && (
        <div className={styles.progress}>
          <ProgressBar value={batch.progress} label={label} valueText={figures} isResting={batch.state !== "open"} />
        </div>
      )}
    </section>
  );
}

function figuresOf(batch: BatchStatus, text: Text): string {
  if (batch.isOver) return batchSummary(batch, text);
  const parts: string[] = [];
  if (batch.state === "paused") parts.push(text("live.batch.paused"));
  if (batch.state === "cancelled") parts.push(text("live.batch.cancelling"));
  if (batch.total > 0) parts.push(text("live.batch.imported", { imported: batch.imported, total: batch.total }));
  if (batch.listing === "under_way") parts.push(listingOf(batch, text));
  return parts.join(" · ");
}

function listingOf({ announced, total }: BatchStatus, text: Text): string {
  return announced ? text("live.batch.found", { total, announced }) : text("live.batch.reading");
}

/** They come and go with what can be done; the focus then stays at their row. */
function Actions({ children }: { children: ReactNode }) {
  const actions = useFocusHandover<HTMLDivElement>();
  return (
    <div ref={actions} className={styles.actions}>
      {children}
    </div>
  );
}

function UnderWay({ batch }: { batch: BatchStatus }) {
  const text = useText();
  const { change, isPending } = useBatchActions();
  const [isAsking, setAsking] = useState(false);
  const title = batchTitle(batch, text);
  const isPaused = batch.state === "paused";
  return (
    <Actions>
      <Button
        isBusy={isPending}
        aria-label={text(isPaused ? "live.batch.resumeOf" : "live.batch.pauseOf", { title })}
        onClick={() => change(batch, isPaused ? "resume" : "pause")}
      >
        {text(isPaused ? "live.batch.resume" : "live.batch.pause")}
      </Button>
      <Button
        kind="quiet"
        isBusy={isPending}
        aria-label={text("live.batch.cancelOf", { title })}
        onClick={() => setAsking(true)}
      >
        {text("live.batch.cancel")}
      </Button>
      <CancelBatchDialog
        isOpen={isAsking}
        queued={batch.queued}
        onClose={() => setAsking(false)}
        onConfirm={() => change(batch, "cancel")}
      />
    </Actions>
  );
}

function WhenOver({ batch }: { batch: BatchStatus }) {
  const text = useText();
  const { change, isPending } = useBatchActions();
  const title = batchTitle(batch, text);
  const again = againKey(batch);
  return (
    <Actions>
      {again && (
        <Button
          isBusy={isPending}
          aria-label={text(`${again}Of`, { title })}
          onClick={() => change(batch, "retry-failed")}
        >
          {text(again)}
        </Button>
      )}
      <Button
        kind="quiet"
        isIcon
        aria-label={text("live.batch.close", { title })}
        onClick={() => forgetBatch(batch.batch_id)}
      >
        <CloseIcon />
      </Button>
    </Actions>
  );
}
