import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { LiveMessage } from "../state/messages";
import { applyMessages, resetProgress, useProgressStore } from "../state/progress";
import { type ApiHandler, installApi, refuse } from "../test/api";
import { aBatch, BATCH_ID } from "../test/data";
import { batchComplete, batchProgress } from "../test/live";
import { MissedBatchPoller } from "./missedBatchPoller";

const OVER = aBatch({ state: "complete", completed_at: "2026-11-23T09:00:00Z", queued: 0, running: 0 });

let batches: MissedBatchPoller;

beforeEach(() => {
  vi.useFakeTimers();
  batches = new MissedBatchPoller();
  applyMessages([batchProgress()]);
});

afterEach(() => {
  batches.stop();
  vi.useRealTimers();
  resetProgress();
});

function ask(answer: ApiHandler, reported: string[] = []) {
  const { requests } = installApi({ "GET /api/batches/{id}": answer });
  const taken: string[] = [];
  const onMessages = (messages: LiveMessage[]) => {
    taken.push(...messages.map(({ type }) => type));
    applyMessages(messages);
  };
  batches.poll(reported, onMessages);
  return { requests, taken, again: () => batches.poll(reported, onMessages) };
}

const pass = (seconds: number) => vi.advanceTimersByTimeAsync(seconds * 1_000);

it("asks again while nobody can say how a batch stands", async () => {
  let asked = 0;
  const { taken } = ask(() => (++asked < 3 ? refuse(503) : OVER));
  await pass(1);
  expect(taken).toEqual([]);
  await pass(30);
  await vi.waitFor(() => expect(taken).toEqual(["batch_complete"]));
  expect(useProgressStore.getState().batches.get(BATCH_ID)?.isOver).toBe(true);
  await pass(30);
  expect(asked).toBe(3);
});

it.each([
  ["there are other news", () => void applyMessages([batchComplete()])],
  ["the app ends", () => batches.stop()],
  ["everything live is forgotten", resetProgress],
])("does not ask any more once %s", async (_name, end) => {
  const { requests } = ask(() => refuse(503));
  await vi.waitFor(() => expect(requests).toHaveLength(1));
  end();
  await pass(60);
  expect(requests).toHaveLength(1);
});

it("keeps news that are newer than the answer", async () => {
  let answer: (batch: unknown) => void = () => {};
  const { requests, taken } = ask(() => new Promise((resolve) => (answer = resolve)));
  await vi.waitFor(() => expect(requests).toHaveLength(1));
  applyMessages([batchComplete()]);
  answer(aBatch());
  await pass(60);
  expect(taken).toEqual([]);
  expect(useProgressStore.getState().batches.get(BATCH_ID)?.isOver).toBe(true);
});

it("asks once at a time, however often the connection breaks", async () => {
  const { requests, again } = ask(() => refuse(503));
  again();
  again();
  await vi.waitFor(() => expect(requests).toHaveLength(3));
  await pass(5.5);
  await vi.waitFor(() => expect(requests).toHaveLength(4));
  await pass(2);
  expect(requests).toHaveLength(4);
});

it("asks for no batch that was told", async () => {
  const other = batchProgress({ batch_id: "another" });
  applyMessages([other]);
  const { requests } = ask(() => OVER, [BATCH_ID]);
  await vi.waitFor(() => expect(requests.map(({ path }) => path)).toEqual(["/api/batches/another"]));
});
