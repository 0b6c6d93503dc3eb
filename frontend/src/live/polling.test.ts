import { afterEach, beforeEach, expect, it, vi } from "vitest";
import type { Batch, EventPage, UpstreamStatus } from "../api/types";
import type { LiveMessage } from "../state/messages";
import { aBatch } from "../test/data";
import { anEvent } from "../test/live";
import { Polling } from "./polling";

const OVER = { state: "complete", completed_at: "2026-11-23T09:00:00Z" } as const;
const PAUSED = { name: "youtube", paused: true, reason: "bot_check", resume_at: null, message: "A pause." };

let polling: Polling | undefined;

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  polling?.stop();
  vi.useRealTimers();
});

function poll({ events = [0], batches = [] as Batch[], shown = [] as string[] } = {}) {
  const heard: LiveMessage[] = [];
  const started: number[] = [];
  const now = { batches, upstreams: [] as Partial<UpstreamStatus>[], since: null as number | null };
  const page = async (since: number, limit: number): Promise<EventPage> => {
    const later = events.filter((seq) => seq > since);
    const items = later.slice(0, limit).map((seq) => anEvent({ seq }));
    return { items, next_since: items.at(-1)?.seq ?? since, has_more: later.length > limit };
  };
  const api = {
    events: vi.fn(page),
    batches: async () => now.batches,
    upstreams: async () => now.upstreams as UpstreamStatus[],
  };
  polling = new Polling({
    api,
    since: () => now.since,
    isBatchShown: (batchId) => shown.includes(batchId),
    onStart: (seq) => {
      started.push(seq);
      now.since = seq;
    },
    onMessage: (message) => void heard.push(message),
    onAnswer: () => {},
  });
  return { api, heard, started, now };
}

it.each([
  ["no events", []],
  ["one", [1]],
  ["two", [1, 2]],
  ["gaps", [3, 4, 9, 1000]],
  ["many", Array.from({ length: 5000 }, (_, index) => index * 7 + 1)],
])("finds where it begins without reading everything: %s", async (_name, events) => {
  const { started, api } = poll({ events });
  await vi.advanceTimersByTimeAsync(100);
  expect(started).toEqual([events.at(-1) ?? 0]);
  expect(api.events.mock.calls.length).toBeLessThan(40);
});

it("tells the end of batches that it saw begin or that are shown, and of no others", async () => {
  const before = aBatch({ ...OVER, batch_id: "before" });
  const shown = aBatch({ ...OVER, batch_id: "shown" });
  const { heard, now } = poll({ batches: [before, shown, aBatch({ batch_id: "begun" })], shown: ["shown"] });
  await vi.advanceTimersByTimeAsync(100);
  now.batches = [before, aBatch({ ...OVER, batch_id: "begun" }), aBatch({ ...OVER, batch_id: "short" })];
  await vi.advanceTimersByTimeAsync(24_000);
  const ends = heard.flatMap((message) => (message.type === "batch_complete" ? [message.batch_id] : []));
  expect(ends).toEqual(["shown", "begun", "short"]);
});

it("tells pauses and their end", async () => {
  const { heard, now } = poll();
  now.upstreams = [PAUSED as Partial<UpstreamStatus>];
  await vi.advanceTimersByTimeAsync(100);
  expect(heard.at(-1)).toEqual({
    type: "upstream_paused",
    upstream: "youtube",
    reason: "bot_check",
    resume_at: null,
    message: "A pause.",
  });
  now.upstreams = [{ name: "youtube", paused: false, reason: null }];
  await vi.advanceTimersByTimeAsync(12_000);
  expect(heard.at(-1)).toEqual({ type: "upstream_resumed", upstream: "youtube" });
});
