import { useEffect, useRef } from "react";
import type { BatchNews } from "../stores/progress";

/** Less says nothing about the pace. */
const MIN_SECONDS = 10;
const MIN_DONE = 3;

interface Seen {
  at: number;
  done: number;
}

/** Roughly how many seconds a batch still needs, by its pace since this page saw it go; null while nobody knows. */
export function useRest(batch: BatchNews): number | null {
  const begun = useRef<Seen | null>(null);
  const isGoing = batch.state === "open" && batch.listing !== "under_way" && !batch.isOver;
  const now = { at: performance.now(), done: doneOf(batch) };
  const rest = isGoing ? restOf(batch, begun.current, now) : null;
  useEffect(() => {
    const isOther = begun.current && doneOf(batch) < begun.current.done;
    if (!isGoing) begun.current = null;
    else if (!begun.current || isOther) begun.current = { at: performance.now(), done: doneOf(batch) };
  }, [batch, isGoing]);
  return rest;
}

/** What is left, at the pace between two moments. */
export function restOf(batch: BatchNews, begun: Seen | null, now: Seen): number | null {
  if (!begun) return null;
  const seconds = (now.at - begun.at) / 1000;
  const done = now.done - begun.done;
  if (seconds < MIN_SECONDS || done < MIN_DONE) return null;
  return ((batch.queued + batch.running) * seconds) / done;
}

function doneOf(batch: BatchNews): number {
  return batch.imported + batch.failed + batch.cancelled;
}
