import { type BatchNews, useProgressStore } from "../stores/progress";
import { newsOfBatch } from "./liveApi";
import type { LiveMessage } from "./messages";

/** The API may be back later than live updates are. */
const ASK_AGAIN_MS = 5_000;

type Take = (messages: LiveMessage[]) => void;

/** Of a batch that is shown and that nobody mentions any more, nothing will come: it is over, or gone. */
export class UntoldBatches {
  private turn = 0;

  /** Asks for each until somebody knows how it stands. Who asked before need not ask any more. */
  ask(told: readonly string[], take: Take): void {
    this.turn += 1;
    const shown = [...useProgressStore.getState().batches.values()].filter((batch) => !batch.isOver);
    for (const batch of shown) if (!told.includes(batch.batch_id)) void this.askFor(batch, take, this.turn);
  }

  stop(): void {
    this.turn += 1;
  }

  private async askFor(batch: BatchNews, take: Take, turn: number): Promise<void> {
    const { batch_id: batchId } = batch;
    // Where there are other news of it by now, those are newer than any answer.
    const isOpen = () => turn === this.turn && useProgressStore.getState().batches.get(batchId) === batch;
    while (isOpen()) {
      const news = await newsOfBatch(batchId);
      if (news && isOpen()) take([news]);
      if (news) return;
      await new Promise((resolve) => setTimeout(resolve, ASK_AGAIN_MS));
    }
  }
}
