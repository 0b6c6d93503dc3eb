import type { LiveMessage } from "../state/messages";
import { useProgressStore } from "../state/progress";
import { fetchBatchMessage } from "./liveApi";

/** A live batch says its last figures itself within this time. */
const PATIENCE_MS = 1_000;
/** The API may be back later than live updates. */
const RETRY_MS = 5_000;

type OnMessages = (messages: LiveMessage[]) => void;

/** Reads the figures of shown batches that ended while there was no connection. */
export class EndedBatches {
  private isStopped = false;

  /** This batch has ended, by its event. */
  async read(batchId: string, onMessages: OnMessages): Promise<void> {
    const isOpen = () => !this.isStopped && useProgressStore.getState().batches.get(batchId)?.isOver === false;
    for (let pause = PATIENCE_MS; isOpen(); pause = RETRY_MS) {
      await new Promise((resolve) => setTimeout(resolve, pause));
      const message = isOpen() ? await fetchBatchMessage(batchId) : null;
      if (message && isOpen()) onMessages([message]);
    }
  }

  stop(): void {
    this.isStopped = true;
  }
}
