import { act, waitFor } from "@testing-library/react";
import { afterEach, expect, it } from "vitest";
import { keys } from "../api/keys";
import { resetProgress, useProgressStore } from "../stores/progress";
import { aConfig } from "../test/data";
import { renderHookWithApp } from "../test/hooks";
import { anEvent, aPause, aSnapshot, batchProgress, fakeSockets } from "../test/live";
import { useLiveConnection } from "./useLiveConnection";

afterEach(resetProgress);

it("forgets everything that came live when that is switched off", async () => {
  const sockets = fakeSockets();
  const { queryClient } = renderHookWithApp(() => useLiveConnection(sockets.openSocket));
  await waitFor(() => expect(sockets.opened).toHaveLength(1));
  act(() => sockets.newest().tell(aSnapshot(1), anEvent({ seq: 2 }), batchProgress(), aPause()));
  await waitFor(() => expect(useProgressStore.getState().progress.size).toBe(1));
  act(() => void queryClient.setQueryData(keys.config, aConfig({ features: { import_progress: false } })));
  await waitFor(() => expect(sockets.newest().isClosed).toBe(true));
  const { progress, batches, pauses, connection } = useProgressStore.getState();
  expect([progress.size, batches.size, pauses, connection]).toEqual([0, 0, {}, "off"]);
});
