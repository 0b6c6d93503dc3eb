import { Problem } from "../api/problem";
import { answerOf, api } from "../data/client";
import type { LiveMessage } from "../state/messages";
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
