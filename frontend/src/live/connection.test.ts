import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import type { EventPage } from "../api/types";
import type { LiveMessage } from "../state/messages";
import { onWatch, watch } from "../state/watched";
import { aBatch, VIDEO_ID } from "../test/data";
import { anEvent, aPause, aSnapshot, batchProgress, fakeSockets } from "../test/live";
import { LiveConnection } from "./connection";

const NO_EVENTS: EventPage = { items: [], next_since: 0, has_more: false };
const PONG = { type: "pong" };

function connect() {
  const sockets = fakeSockets();
  const heard: LiveMessage[] = [];
  const batches: number[] = [];
  const states: string[] = [];
  const closed = new Set<string>();
  const api = {
    events: vi.fn(async (since: number, _limit: number) => ({ ...NO_EVENTS, next_since: since })),
    batches: vi.fn(async () => [aBatch()]),
    upstreams: vi.fn(async () => []),
  };
  const connection = new LiveConnection({
    url: "ws://vidferry/progress",
    api,
    onMessages: (messages) => {
      heard.push(...messages);
      batches.push(messages.length);
    },
    onState: (state) => states.push(state),
    isBatchShown: () => false,
    isClosed: (videoId) => closed.has(videoId),
    openSocket: sockets.openSocket,
    random: () => 1,
  });
  started.push(connection);
  connection.start();
  const seqs = () => heard.flatMap((message) => (message.type === "import_progress" ? [message.seq] : []));
  return {
    ...sockets,
    closed,
    connection,
    heard,
    batches,
    states,
    api,
    seqs,
    types: () => heard.map(({ type }) => type),
  };
}

const started: LiveConnection[] = [];

beforeEach(() => {
  vi.useFakeTimers();
});

afterEach(() => {
  for (const connection of started.splice(0)) connection.stop();
  vi.useRealTimers();
});

const frame = () => vi.advanceTimersByTime(300);

describe("a connection that comes about", () => {
  it("is live with its snapshot, and asks with a ping whether that was all", () => {
    const { newest, states, types } = connect();
    expect(states).toEqual(["connecting"]);
    newest().tell(aSnapshot(10), batchProgress(), aPause());
    frame();
    expect(states).toEqual(["connecting", "live"]);
    expect(newest().sent).toEqual([{ type: "ping" }]);
    expect(types()).toEqual(["snapshot", "batch_progress", "upstream_paused"]);
  });

  it("says with the first pong what was told, and only with the first", () => {
    const { newest, heard } = connect();
    newest().tell(aSnapshot(10), batchProgress(), aPause(), PONG, PONG);
    frame();
    const caughtUp = heard.filter((message) => message.type === "caught_up");
    expect(caughtUp).toEqual([{ type: "caught_up", batchIds: [batchProgress().batch_id], upstreams: ["youtube"] }]);
  });

  it("hands a burst on once per frame", () => {
    const { newest, batches } = connect();
    newest().tell(aSnapshot(0), ...Array.from({ length: 100 }, (_, index) => anEvent({ seq: index + 1 })));
    frame();
    expect(batches).toEqual([101]);
  });

  it("ignores what it does not know", () => {
    const { newest, types } = connect();
    newest().tell(aSnapshot(0), { type: "weather" });
    newest().hear("not JSON");
    newest().hear(new ArrayBuffer(2));
    frame();
    expect(types()).toEqual(["snapshot"]);
  });

  it("asks for the watched videos in one bundle, for each once", () => {
    const { newest, connection } = connect();
    const stopHearing = onWatch(connection.watch);
    const other = "00000000-0000-4000-8000-000000000001";
    const inSnapshot = "00000000-0000-4000-8000-000000000002";
    newest().tell(aSnapshot(5, [anEvent({ video_id: inSnapshot, seq: null })]));
    const stops = [VIDEO_ID, other, inSnapshot, VIDEO_ID, "new:Q7mZ2k-x9Lw"].map(watch);
    vi.advanceTimersByTime(100);
    expect(newest().sentOf("subscribe")).toEqual([{ type: "subscribe", video_ids: [VIDEO_ID, other] }]);
    newest().tell({ type: "upstream_resumed", upstream: "youtube" });
    expect(newest().sentOf("subscribe").at(-1)?.video_ids).toHaveLength(3);
    for (const stop of stops) stop();
    stopHearing();
  });
});

describe("an idle connection", () => {
  it("asks for nothing: waits are events", () => {
    const { newest, closed } = connect();
    const ended = "00000000-0000-4000-8000-000000000001";
    const stops = [VIDEO_ID, ended].map(watch);
    newest().tell(aSnapshot(5), PONG);
    closed.add(ended);
    const before = newest().sentOf("subscribe").length;
    for (let round = 0; round < 24; round += 1) {
      vi.advanceTimersByTime(25_000);
      newest().tell(PONG);
    }
    expect(newest().sentOf("subscribe")).toHaveLength(before);
    newest().tell({ type: "upstream_resumed", upstream: "youtube" });
    expect(newest().sentOf("subscribe").slice(before)).toEqual([{ type: "subscribe", video_ids: [VIDEO_ID] }]);
    for (const stop of stops) stop();
  });
});

describe("after a break", () => {
  it("has missed some when the first socket comes late, also when it breaks once more before it has caught up", () => {
    const { newest, types } = connect();
    newest().end(1013);
    vi.advanceTimersByTime(5_000);
    newest().tell(aSnapshot(10));
    newest().end();
    vi.advanceTimersByTime(5_000);
    newest().tell(aSnapshot(10), PONG);
    frame();
    expect(types().at(-1)).toBe("missed_some");
  });

  it("has missed nothing that it does not resume, however long the computer slept", () => {
    const { newest, types } = connect();
    newest().tell(aSnapshot(10), PONG);
    vi.setSystemTime(Date.now() + 8 * 3_600_000);
    newest().end();
    vi.advanceTimersByTime(500);
    newest().tell(aSnapshot(12), anEvent({ seq: 11 }), anEvent({ seq: 12 }), PONG);
    frame();
    expect(newest().sentOf("resume")).toEqual([{ type: "resume", since: 10 }]);
    expect(types()).not.toContain("missed_some");
  });

  it("connects again and resumes after the last event it saw", () => {
    const { opened, newest, types } = connect();
    newest().tell(aSnapshot(10), anEvent({ seq: 11 }), PONG);
    newest().end(1001);
    vi.advanceTimersByTime(500);
    expect(opened).toHaveLength(2);
    newest().tell(aSnapshot(15));
    expect(newest().sent).toEqual([{ type: "resume", since: 11 }, { type: "ping" }]);
    newest().tell(PONG);
    frame();
    expect(types().at(-1)).toBe("caught_up");
  });

  it("takes each event once, and none as seen that was missed when the next break comes", () => {
    const { newest, seqs } = connect();
    newest().tell(aSnapshot(10), anEvent({ seq: 11 }), anEvent({ seq: 11 }));
    newest().end();
    vi.advanceTimersByTime(500);
    // A live one comes before the missed ones, of which only the first arrives.
    newest().tell(aSnapshot(14), anEvent({ seq: 15 }), anEvent({ seq: 12 }));
    newest().end();
    vi.advanceTimersByTime(2000);
    newest().tell(aSnapshot(15));
    expect(newest().sentOf("resume")).toEqual([{ type: "resume", since: 12 }]);
    newest().tell(anEvent({ seq: 13 }), anEvent({ seq: 14 }), anEvent({ seq: 15 }), PONG, anEvent({ seq: 15 }));
    frame();
    expect(seqs()).toEqual([11, 15, 12, 13, 14, 15]);
  });

  it("passes sub-progress on, which has no number", () => {
    const { newest, seqs } = connect();
    newest().tell(aSnapshot(10), anEvent({ seq: null }), anEvent({ seq: null }));
    frame();
    expect(seqs()).toEqual([null, null]);
  });

  it("begins anew where the server has other data than before", () => {
    const { newest, seqs, types } = connect();
    newest().tell(aSnapshot(900), PONG);
    newest().end();
    vi.advanceTimersByTime(500);
    newest().tell(aSnapshot(3), anEvent({ seq: 4 }), PONG);
    frame();
    expect(newest().sentOf("resume")).toEqual([]);
    expect(seqs()).toEqual([4]);
    expect(types().at(-1)).toBe("missed_some");
  });

  it("waits twice as long every time, at most 30 s, and not long again once it worked", () => {
    const { opened, newest } = connect();
    const waits: number[] = [];
    for (let attempt = 0; attempt < 9; attempt += 1) {
      // Each gets its snapshot, so sockets are not blocked, and breaks before it has caught up.
      newest().tell(aSnapshot(1));
      newest().end();
      waits.push(untilOpened(opened));
    }
    expect(waits).toEqual([500, 1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
    newest().tell(aSnapshot(1), PONG);
    newest().end();
    expect(untilOpened(opened)).toBe(500);
  });

  it("is patient with a server that asks for it", () => {
    const { opened, newest } = connect();
    newest().end(1013);
    expect(untilOpened(opened)).toBe(2000);
  });

  it("does not wait when the network is back", () => {
    const { opened, newest, connection } = connect();
    newest().end(1013);
    connection.wake();
    expect(opened).toHaveLength(2);
    connection.wake();
    expect(opened).toHaveLength(2);
  });

  it("notices that nobody is there any more", () => {
    const { opened, newest } = connect();
    newest().tell(aSnapshot(1), PONG);
    vi.advanceTimersByTime(25_000);
    expect(newest().sentOf("ping")).toHaveLength(2);
    newest().tell(PONG);
    vi.advanceTimersByTime(25_000 + 9_000);
    expect(opened).toHaveLength(1);
    vi.advanceTimersByTime(2_000);
    expect(opened[0]?.isClosed).toBe(true);
    expect(opened).toHaveLength(2);
  });

  it("opens nothing more after it was stopped", () => {
    const { opened, newest, connection } = connect();
    newest().end();
    connection.stop();
    vi.advanceTimersByTime(120_000);
    expect(opened).toHaveLength(1);
  });
});

describe("where sockets are blocked", () => {
  async function block(live: ReturnType<typeof connect>) {
    for (let attempt = 0; attempt < 3; attempt += 1) {
      live.newest().end();
      if (attempt < 2) vi.advanceTimersByTime(1000);
    }
    await vi.advanceTimersByTimeAsync(1000);
  }

  it("asks for news every 3 s, for batches and pauses every 10 s, and tries a socket every 30 s", async () => {
    const live = connect();
    await block(live);
    expect(live.states.at(-1)).toBe("polling");
    expect(live.types()).toEqual(["missed_some", "batch_progress"]);
    live.api.events.mockClear();
    live.api.batches.mockClear();
    await vi.advanceTimersByTimeAsync(24_000);
    expect(live.api.events).toHaveBeenCalledTimes(8);
    expect(live.api.batches).toHaveBeenCalledTimes(2);
    expect(live.opened).toHaveLength(3);
    await vi.advanceTimersByTimeAsync(5_500);
    expect(live.opened).toHaveLength(4);
  });

  it("goes on after the newest event, and a socket goes on after that", async () => {
    const live = connect();
    const all = [3, 4, 9].map((seq) => anEvent({ seq }));
    live.api.events.mockImplementation(async (since, limit) => {
      const items = all.filter((event) => (event.seq ?? 0) > since).slice(0, limit);
      return { items, next_since: items.at(-1)?.seq ?? since, has_more: false };
    });
    await block(live);
    expect(live.seqs()).toEqual([]);
    all.push(anEvent({ seq: 12 }));
    await vi.advanceTimersByTimeAsync(3_300);
    expect(live.seqs()).toEqual([12]);
    await vi.advanceTimersByTimeAsync(30_000);
    live.api.events.mockClear();
    live.newest().tell(aSnapshot(14));
    expect(live.newest().sentOf("resume")).toEqual([{ type: "resume", since: 12 }]);
    expect(live.states.at(-1)).toBe("live");
    await vi.advanceTimersByTimeAsync(10_000);
    expect(live.api.events).not.toHaveBeenCalled();
  });

  it("is not connected while nobody answers at all", async () => {
    const live = connect();
    live.api.events.mockRejectedValue(new Error("away"));
    await block(live);
    expect(live.states.at(-1)).toBe("connecting");
  });

  it("gives up on a socket that opens and says nothing", async () => {
    const live = connect();
    live.newest().readyState = WebSocket.OPEN;
    await vi.advanceTimersByTimeAsync(10_600);
    expect(live.opened).toHaveLength(2);
  });
});

function untilOpened(opened: readonly unknown[]): number {
  const count = opened.length;
  let waited = 0;
  for (; opened.length === count && waited < 60_000; waited += 50) vi.advanceTimersByTime(50);
  return waited;
}
