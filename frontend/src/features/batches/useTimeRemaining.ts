import { useEffect, useRef } from "react";
import type { BatchStatus } from "../../state/progress";

/** Less is not enough for an estimate. */
const MIN_SECONDS = 10;
const MIN_DONE = 3;

interface Seen {
  at: number;
  done: number;
}

/** About how many seconds a batch still needs, at its speed since this page first saw it run; null while unknown. */
export function useTimeRemaining(batch: BatchStatus): number | null {
  const first = useRef<Seen | null>(null);
  const isRunning = batch.state === "open" && batch.listing !== "under_way" && !batch.isOver;
  const now = { at: performance.now(), done: doneOf(batch) };
  const seconds = isRunning ? secondsRemaining(batch, first.current, now) : null;
  useEffect(() => {
    const isOther = first.current && doneOf(batch) < first.current.done;
    if (!isRunning) first.current = null;
    else if (!first.current || isOther) first.current = { at: performance.now(), done: doneOf(batch) };
  }, [batch, isRunning]);
  return seconds;
}

/** Seconds for what is left, at the speed between two moments. */
export function secondsRemaining(batch: BatchStatus, first: Seen | null, now: Seen): number | null {
  if (!first) return null;
  const seconds = (now.at - first.at) / 1000;
  const done = now.done - first.done;
  if (seconds < MIN_SECONDS || done < MIN_DONE) return null;
  return ((batch.queued + batch.running) * seconds) / done;
}

function doneOf(batch: BatchStatus): number {
  return batch.imported + batch.failed + batch.cancelled;
}
