import { act, waitFor } from "@testing-library/react";
import { afterEach, expect, it, vi } from "vitest";
import type { BatchChange } from "../../data/queries";
import { applyMessages, type BatchStatus, resetProgress, useProgressStore } from "../../state/progress";
import { refuse } from "../../test/api";
import { BATCH_ID, VIDEO_ID } from "../../test/data";
import { renderHookWithApp } from "../../test/hooks";
import { anEvent, batchComplete, batchProgress } from "../../test/live";
import { useToasts } from "../../ui/toasts";
import { useBatchActions } from "./useBatchActions";

afterEach(() => {
  resetProgress();
  useToasts.setState({ toasts: [] });
});

const batch = () => useProgressStore.getState().batches.get(BATCH_ID) as BatchStatus;
const toasts = () => useToasts.getState().toasts.map(({ text }) => text);

/** Every request waits until the test answers it: the oldest first, with a refusal where one is given. */
function actions() {
  const waiting: ((answer: unknown) => void)[] = [];
  const shown = renderHookWithApp(useBatchActions, {
    api: { "POST /api/batches/{id}/{change}": () => new Promise((resolve) => waiting.push(resolve)) },
  });
  const change = async (wanted: BatchChange, of = batch()) => {
    const before = waiting.length;
    act(() => shown.current().change(of, wanted));
    await waitFor(() => expect(waiting).toHaveLength(before + 1));
  };
  const answer = async (place: number, refusal?: string) => {
    await act(async () => waiting[place]?.(refusal ? refuse(409, { detail: refusal }) : { batch_id: BATCH_ID }));
  };
  return { ...shown, change, answer };
}

it.each([
  ["pause", "open", "paused"],
  ["resume", "paused", "open"],
  ["cancel", "open", "cancelled"],
] as const)("shows at once that %s was accepted, with the figures that came meanwhile", async (wanted, from, to) => {
  applyMessages([batchProgress({ state: from, failed: 1, imported: 5 })]);
  const { change, answer } = actions();
  await change(wanted);
  applyMessages([batchProgress({ state: from, failed: 3, imported: 9 })]);
  applyMessages([anEvent({ stage: "error", batch_id: BATCH_ID })]);
  await answer(0);
  await waitFor(() => expect(batch()).toMatchObject({ state: to, failed: 3, imported: 9, isOver: false }));
  expect(useProgressStore.getState().progress.has(VIDEO_ID)).toBe(true);
});

it.each([
  ["pause", batchProgress({ state: "open" }), [batchComplete()]],
  ["cancel", batchProgress({ state: "open" }), [batchComplete({ state: "cancelled" })]],
  ["pause", batchProgress({ state: "open" }), [batchProgress({ state: "cancelled" })]],
  ["resume", batchProgress({ state: "paused" }), [batchComplete({ state: "paused" })]],
  ["retry-failed", batchComplete({ failed: 2 }), [batchProgress({ failed: 0 })]],
  ["retry-failed", batchComplete({ failed: 2 }), [batchProgress({ failed: 0 }), batchComplete({ failed: 1 })]],
] as const)("keeps what live updates said before the answer to %s came", async (wanted, before, meanwhile) => {
  applyMessages([before]);
  const { change, answer, queryClient } = actions();
  await change(wanted);
  for (const message of meanwhile) applyMessages([message]);
  const told = batch();
  await answer(0);
  await waitFor(() => expect(queryClient.isMutating()).toBe(0));
  expect(batch()).toBe(told);
});

it("shows nothing of a batch whose notice was closed", async () => {
  applyMessages([batchComplete({ failed: 2 })]);
  const { change, answer, queryClient } = actions();
  await change("retry-failed");
  applyMessages([{ type: "batch_gone", batch_id: BATCH_ID }]);
  await answer(0);
  await waitFor(() => expect(queryClient.isMutating()).toBe(0));
  expect(batch()).toBeUndefined();
});

it("reads the list again when what failed is tried again", async () => {
  applyMessages([batchComplete({ failed: 2, cancelled: 1 })]);
  const { change, answer, queryClient } = actions();
  const invalidate = vi.spyOn(queryClient, "invalidateQueries");
  await change("retry-failed");
  await answer(0);
  await waitFor(() => expect(batch()).toMatchObject({ isOver: false, state: "open", queued: 3, failed: 0 }));
  expect(invalidate).toHaveBeenCalledWith({ queryKey: ["videos", batch().list_id] });
});

it("tells of every refusal, also when several come, and when nobody is there any more", async () => {
  applyMessages([batchProgress()]);
  const { change, answer, unmount } = actions();
  await change("pause");
  await change("cancel");
  unmount();
  await answer(0, "Cannot be paused.");
  await answer(1, "Cannot be cancelled.");
  await waitFor(() => expect(toasts()).toEqual(["Cannot be paused.", "Cannot be cancelled."]));
});
