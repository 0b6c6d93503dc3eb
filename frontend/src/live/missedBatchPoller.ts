import type { LiveMessage } from "../state/messages";
import { type BatchStatus, useProgressStore } from "../state/progress";
import { fetchBatchMessage } from "./liveApi";

/** The API may be back later than live updates. */
const RETRY_MS = 5_000;

type OnMessages = (messages: LiveMessage[]) => void;

/** Reads the state of shown batches that live updates no longer mention: they are over or deleted. */
export class MissedBatchPoller {
  private turn = 0;

  /** Polls each shown batch that is not among `reported` until its state is known. Replaces an earlier call. */
  poll(reported: readonly string[], onMessages: OnMessages): void {
    this.turn += 1;
    const shown = [...useProgressStore.getState().batches.values()].filter((batch) => !batch.isOver);
    for (const batch of shown) if (!reported.includes(batch.batch_id)) void this.pollOne(batch, onMessages, this.turn);
  }

  stop(): void {
    this.turn += 1;
  }

  private async pollOne(batch: BatchStatus, onMessages: OnMessages, turn: number): Promise<void> {
    const { batch_id: batchId } = batch;
    // A message that came meanwhile is newer than any answer.
    const isMissed = () => turn === this.turn && useProgressStore.getState().batches.get(batchId) === batch;
    while (isMissed()) {
      const message = await fetchBatchMessage(batchId);
      if (message && isMissed()) onMessages([message]);
      if (message) return;
      await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    }
  }
}
