import { useState } from "react";
import { useText } from "../../i18n";
import { type BatchStatus, useBatchStatuses } from "../../state/progress";
import { Button } from "../../ui/Button";
import { ProgressBar } from "../../ui/ProgressBar";
import { useFocusHandover } from "../../ui/useFocusHandover";
import styles from "./BatchBanner.module.css";
import { BatchRow } from "./BatchRow";

/** The imports of many videos onto one list: each in a row, or all of them in one line that can be opened. */
export function BatchBanner({ listId }: { listId: string }) {
  const batches = useBatchStatuses(listId);
  const [isOpen, setOpen] = useState(false);
  if (batches.length === 0) return null;
  const isCollapsed = batches.length > 1 && !isOpen;
  return (
    <div className={styles.banner}>
      {batches.length > 1 && <AllBatches batches={batches} isOpen={isOpen} onToggle={() => setOpen(!isOpen)} />}
      {!isCollapsed && batches.map((batch) => <BatchRow key={batch.batch_id} batch={batch} />)}
    </div>
  );
}

interface AllProps {
  batches: BatchStatus[];
  isOpen: boolean;
  onToggle: () => void;
}

function AllBatches({ batches, isOpen, onToggle }: AllProps) {
  const text = useText();
  const row = useFocusHandover<HTMLElement>();
  const imported = sumOf(batches, (batch) => batch.imported);
  const total = sumOf(batches, (batch) => batch.total);
  const over = sumOf(batches, (batch) => (batch.total * batch.progress) / 100);
  const percent = total > 0 ? Math.floor((100 * over) / total) : 0;
  const figures = text("live.batch.imported", { imported, total });
  return (
    <section ref={row} className={styles.row} aria-label={text("live.batch.several.label")}>
      <div className={styles.words}>
        <strong className={styles.title}>{text("live.batch.several", { n: batches.length })}</strong>
        <span className={styles.figures}>{figures}</span>
      </div>
      <Button kind="quiet" aria-expanded={isOpen} onClick={onToggle}>
        {text(isOpen ? "live.batch.hide" : "live.batch.show")}
      </Button>
      {!isOpen && (
        <div className={styles.progress}>
          <ProgressBar value={percent} label={text("live.batch.several.label")} valueText={figures} />
        </div>
      )}
    </section>
  );
}

function sumOf(batches: readonly BatchStatus[], figure: (batch: BatchStatus) => number): number {
  return batches.reduce((sum, batch) => sum + figure(batch), 0);
}
