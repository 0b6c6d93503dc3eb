import { Problem } from "../api/problem";
import { answerOf, api } from "../data/client";
import { dismissedBatches } from "../state/dismissed";
import type { BatchComplete, LiveMessage } from "../state/messages";
import { messageOfBatch } from "../state/messages";
import type { LiveApi } from "./polling";

const NEWEST_BATCHES = 50;

/** The API's side of live updates. */
export const liveApi: LiveApi = {
  events: (since, limit) => answerOf(api.GET("/api/events", { params: { query: { since, limit } } })),
  batches: async () =>
    (await answerOf(api.GET("/api/batches", { params: { query: { limit: NEWEST_BATCHES } } }))).items,
  upstreams: async () => (await answerOf(api.GET("/api/upstreams"))).items,
};

/** The newest batches that have ended, fetched once: a reload forgets what they left to do. */
export async function fetchEndedBatches(): Promise<BatchComplete[]> {
  const messages = (await liveApi.batches()).map(messageOfBatch);
  const dismissed = new Set(dismissedBatches());
  return messages.filter((message): message is BatchComplete => {
    const isLeft = message.failed > 0 || message.cancelled > 0 || message.message !== null;
    return message.type === "batch_complete" && isLeft && !dismissed.has(message.batch_id);
  });
}

/** The state of a batch as a message; null while the API is unavailable. */
export async function fetchBatchMessage(batchId: string): Promise<LiveMessage | null> {
  try {
    const params = { path: { batch_id: batchId } };
    return messageOfBatch(await answerOf(api.GET("/api/batches/{batch_id}", { params })));
  } catch (error) {
    const isGone = error instanceof Problem && error.status === 404;
    return isGone ? { type: "batch_gone", batch_id: batchId } : null;
  }
}
