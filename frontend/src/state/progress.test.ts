import { act, renderHook } from "@testing-library/react";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ImportProgress } from "../api/types";
import { BATCH_ID, VIDEO_ID } from "../test/data";
import { anEvent, aPause, aSnapshot, batchComplete, batchProgress } from "../test/live";
import {
  applyMessages,
  forgetBatch,
  forgetComplete,
  forgetProgress,
  onBatchEnd,
  resetProgress,
  useBatchStatuses,
  usePause,
  useProgressStore,
  useVideoProgress,
} from "./progress";
import { isUnderWay } from "./progressRules";

const OTHER_ID = "00000000-0000-4000-8000-000000000001";

afterEach(resetProgress);

const known = (videoId = VIDEO_ID) => useProgressStore.getState().progress.get(videoId);
const batch = () => useProgressStore.getState().batches.get(BATCH_ID);

describe("progress of a video", () => {
  it("follows the numbered events, each once and never back", () => {
    applyMessages([anEvent({ seq: 5, stage: "captions", progress: 60 }), anEvent({ seq: 4 }), anEvent({ seq: 5 })]);
    expect(known()).toMatchObject({ stage: "captions", progress: 60, seq: 5 });
  });

  it.each<[string, Partial<ImportProgress>, number]>([
    ["higher", { progress: 41 }, 41],
    ["equal", { progress: 30 }, 30],
    ["lower, so late", { progress: 29 }, 30],
  ])("takes sub-progress that is not lower: %s", (_name, message, expected) => {
    applyMessages([anEvent({ seq: null, progress: 30 }), anEvent({ seq: null, ...message })]);
    expect(known()?.progress).toBe(expected);
  });

  it.each(["complete", "error"] as const)("takes no sub-progress after %s", (stage) => {
    applyMessages([anEvent({ seq: 7, stage, progress: 25 }), anEvent({ seq: null, stage: "captions", progress: 44 })]);
    expect(known()?.stage).toBe(stage);
  });

  it("begins again when it is tried again", () => {
    applyMessages([anEvent({ seq: 7, stage: "error", progress: 25 })]);
    applyMessages([anEvent({ seq: 8, stage: "created", progress: 0 })]);
    expect(known()).toMatchObject({ stage: "created", progress: 0 });
  });

  it("is what a snapshot says, and events that are older than that are nothing new", () => {
    const waiting = { seq: null, error_code: "rate_limited", retry_at: "2026-11-23T14:10:00Z" } as const;
    applyMessages([aSnapshot(20, [anEvent(waiting)]), anEvent({ seq: 19, stage: "created", progress: 0 })]);
    expect(known()).toMatchObject({ progress: 25, retry_at: "2026-11-23T14:10:00Z" });
    applyMessages([anEvent({ seq: 21, stage: "captions", progress: 60 }), aSnapshot(20, [anEvent({ seq: null })])]);
    expect(known()).toMatchObject({ stage: "captions", progress: 60 });
  });
});

describe("a snapshot that knows the stage only", () => {
  const STAGE_ONLY = { seq: null, stage: "metadata", progress: 25 } as const;
  const told = (known: Partial<ImportProgress> = {}) => aSnapshot(20, [anEvent({ ...STAGE_ONLY, ...known })]);

  it.each([33, 45])("does not take sub-progress back: %d", (progress) => {
    applyMessages([anEvent({ seq: null, stage: "captions", progress, batch_id: BATCH_ID }), told()]);
    expect(known()).toMatchObject({ stage: "captions", progress, batch_id: BATCH_ID });
  });

  it("tells for what the import waits, unless that is behind it", () => {
    const waits = { error_code: "rate_limited", retry_at: "2026-11-23T14:10:00Z" } as const;
    applyMessages([anEvent({ seq: null, stage: "captions", progress: 33 }), told(waits)]);
    expect(known()).toMatchObject({ progress: 33, ...waits });
    resetProgress();
    applyMessages([anEvent({ seq: null, stage: "captions", progress: 45 }), told(waits)]);
    expect(known()?.error_code ?? known()?.retry_at).toBeUndefined();
  });

  it.each<[string, ImportProgress[]]>([
    ["failed", [anEvent({ seq: 18, stage: "error", progress: 45 })]],
    ["failed and was tried again", [anEvent({ seq: 18, stage: "error" }), anEvent({ seq: 19, stage: "created" })]],
  ])("does not hide that it %s, which comes after it", (_name, missed) => {
    applyMessages([anEvent({ seq: 5 }), anEvent({ seq: null, stage: "captions", progress: 45 }), told(), ...missed]);
    expect(known()?.stage).toBe(missed.at(-1)?.stage);
  });

  it("goes back where the import has begun anew", () => {
    applyMessages([anEvent({ seq: null, stage: "captions", progress: 45 })]);
    applyMessages([told({ stage: "created", progress: 0 })]);
    expect(known()).toMatchObject({ stage: "created", progress: 0 });
    applyMessages([anEvent({ seq: 21, stage: "chapters", progress: 90 }), anEvent({ seq: 22, stage: "created" })]);
    expect(known()?.stage).toBe("created");
  });
});

describe("the store", () => {
  it("is not copied for what changes nothing", () => {
    applyMessages([anEvent({ seq: 5 }), aPause(), batchProgress()]);
    const before = useProgressStore.getState();
    applyMessages([anEvent({ seq: 4 }), { type: "batch_gone", batch_id: "another" }]);
    applyMessages([{ type: "upstream_resumed", upstream: "transcription" }]);
    const after = useProgressStore.getState();
    expect([after.progress, after.batches, after.pauses]).toEqual([before.progress, before.batches, before.pauses]);
    expect(after.progress).toBe(before.progress);
    expect(after.batches).toBe(before.batches);
    expect(after.pauses).toBe(before.pauses);
  });

  it("forgets what is complete once that was read, and nothing else", () => {
    applyMessages([anEvent({ seq: 5, stage: "complete", progress: 100 })]);
    applyMessages([anEvent({ seq: 6, stage: "error", video_id: OTHER_ID })]);
    forgetComplete(VIDEO_ID);
    forgetComplete(OTHER_ID);
    expect(known()).toBeUndefined();
    expect(known(OTHER_ID)).toBeDefined();
  });

  it("forgets, of several, all that is complete", () => {
    const complete = { stage: "complete", progress: 100 } as const;
    applyMessages([anEvent({ seq: 5, ...complete }), anEvent({ seq: 6, video_id: OTHER_ID, ...complete })]);
    forgetComplete(VIDEO_ID, OTHER_ID);
    expect(useProgressStore.getState().progress.size).toBe(0);
  });

  it("forgets an import altogether where that is wanted", () => {
    applyMessages([anEvent({ seq: 5, stage: "error" }), anEvent({ seq: 6, video_id: OTHER_ID })]);
    forgetProgress(VIDEO_ID);
    expect(known()).toBeUndefined();
    expect(known(OTHER_ID)).toBeDefined();
  });
});

describe("a pause", () => {
  it("is known until its end, and takes the waits with it that were because of it", () => {
    const waits = { seq: null, error_code: "rate_limited", retry_at: "2026-11-23T14:10:00Z" } as const;
    const upcoming = { ...waits, video_id: OTHER_ID, error_code: "upcoming" } as const;
    applyMessages([aSnapshot(1, [anEvent(waits), anEvent(upcoming)]), aPause()]);
    expect(useProgressStore.getState().pauses.youtube?.reason).toBe("rate_limited");
    applyMessages([{ type: "upstream_resumed", upstream: "youtube" }]);
    expect(useProgressStore.getState().pauses).toEqual({});
    expect(known()).toMatchObject({ error_code: null, retry_at: null });
    expect(known(OTHER_ID)).toMatchObject({ error_code: "upcoming" });
  });

  it("is forgotten where a new connection does not mention it", () => {
    applyMessages([aPause(), aPause({ upstream: "transcription", reason: "transcription_limited" })]);
    applyMessages([{ type: "caught_up", batchIds: [], upstreams: ["transcription"] }]);
    expect(Object.keys(useProgressStore.getState().pauses)).toEqual(["transcription"]);
  });
});

describe("a batch", () => {
  let ended: string[];
  let stop: () => void;

  beforeEach(() => {
    ended = [];
    stop = onBatchEnd(({ batch_id: batchId }) => ended.push(batchId));
  });

  afterEach(() => stop());

  it("is known from its first message on, and its end is told once", () => {
    applyMessages([batchProgress()]);
    expect(batch()).toMatchObject({ isOver: false, progress: 24 });
    expect(ended).toEqual([]);
    applyMessages([batchComplete()]);
    applyMessages([batchComplete()]);
    expect(ended).toEqual([BATCH_ID]);
    expect(batch()).toMatchObject({ isOver: true, progress: 100 });
  });

  it("tells its end also when nothing was heard of it before", () => {
    applyMessages([batchComplete()]);
    expect(ended).toEqual([BATCH_ID]);
  });

  it("has a second end when its failed videos were tried again, whose failures are forgotten", () => {
    applyMessages([batchComplete({ failed: 1 }), anEvent({ seq: 3, stage: "error", batch_id: BATCH_ID })]);
    applyMessages([batchProgress({ failed: 0 })]);
    expect(known()).toBeUndefined();
    applyMessages([batchComplete({ failed: 0 })]);
    expect(ended).toEqual([BATCH_ID, BATCH_ID]);
  });

  it("takes its failures with it when its notice is closed: nobody would hear that they are tried again", () => {
    applyMessages([batchComplete({ failed: 1 }), anEvent({ seq: 3, stage: "error", batch_id: BATCH_ID })]);
    applyMessages([anEvent({ seq: 4, stage: "error", video_id: OTHER_ID })]);
    forgetBatch(BATCH_ID);
    expect(known()).toBeUndefined();
    expect(known(OTHER_ID)).toBeDefined();
  });

  it("is cancelled with all that had not begun: no event tells of these", () => {
    const queued = { seq: null, stage: "created", progress: 0 } as const;
    applyMessages([batchProgress({ cancelled: 0 }), aSnapshot(3, [anEvent(queued)])]);
    applyMessages([anEvent({ seq: 4, video_id: OTHER_ID, batch_id: BATCH_ID })]);
    applyMessages([batchProgress({ cancelled: 1, state: "cancelled" })]);
    expect(known()).toBeUndefined();
    expect(known(OTHER_ID)).toMatchObject({ progress: 25 });
  });

  it("goes with its list", () => {
    applyMessages([batchProgress()]);
    applyMessages([{ type: "batch_gone", batch_id: BATCH_ID }]);
    expect(batch()).toBeUndefined();
  });
});

describe("the hooks", () => {
  it("render for their own news only", () => {
    let renders = 0;
    const { result } = renderHook(() => {
      renders += 1;
      return useVideoProgress(VIDEO_ID);
    });
    act(() => void applyMessages([anEvent({ video_id: OTHER_ID }), batchProgress(), aPause()]));
    expect(renders).toBe(1);
    act(() => void applyMessages([anEvent({ seq: 1 }), anEvent({ seq: 2, progress: 60 })]));
    expect(renders).toBe(2);
    expect(result.current?.progress).toBe(60);
  });

  it("give the batches of one list or of all, and the pause of one upstream", () => {
    const batches = renderHook(() => [useBatchStatuses(), useBatchStatuses("another")]);
    const pause = renderHook(() => usePause("youtube"));
    act(() => void applyMessages([batchProgress(), aPause()]));
    expect(batches.result.current.map((list) => list.length)).toEqual([1, 0]);
    expect(pause.result.current?.message).toMatch(/is limiting requests/);
  });
});

it.each([undefined, null, "complete", "error"] as const)(
  "nothing more comes of an import whose stage is %s",
  (stage) => {
    expect(isUnderWay({ import_stage: stage })).toBe(false);
    expect(isUnderWay({ import_stage: "created" })).toBe(true);
  },
);
