import type { QueryClient } from "@tanstack/react-query";
import { keys } from "../api/keys";
import { Problem } from "../api/problem";
import type { ImportProgress, ImportStage, Video, VideoDetails } from "../api/types";
import { loadNewVideos, reloadVideo, removeVideo, VIDEOS_PER_PAGE, type VideoPages } from "../data/cache";
import type { LiveMessage } from "../state/messages";
import { pendingVideos } from "../state/pendingVideos";
import { forgetComplete } from "../state/progress";
import { type BatchStatus, isClosed, isQueuedAgain, isUnderWay } from "../state/progressRules";
import { watchedIds } from "../state/watched";
import { Throttle } from "./throttle";

const PAUSE_MS = 1_000;
/** The API may be unavailable for a moment. */
const RETRY_MS = 5_000;
const MAX_RELOADS_AT_ONCE = 4;
/** After a short break, at most so many imports further down the list are read one by one. */
const MAX_REFETCHES = 60;

type Batches = ReadonlyMap<string, BatchStatus>;
/** Stages by YouTube id. */
type Shown = ReadonlyMap<string, ImportStage | null>;

/** Updates the query cache after live messages, with as few requests as possible. */
export class LiveCache {
  private readonly queryClient: QueryClient;
  private readonly throttle = new Throttle(PAUSE_MS);
  private readonly waiting = new Set<string>();
  /** The last known state of every batch, including those whose banner was closed. */
  private readonly batches = new Map<string, BatchStatus>();
  private reloads = 0;
  private isStopped = false;

  constructor(queryClient: QueryClient) {
    this.queryClient = queryClient;
  }

  apply(messages: readonly LiveMessage[], before: Batches, after: Batches): void {
    const events = messages.filter((message) => message.type === "import_progress" && message.seq != null);
    this.applyEvents(events as ImportProgress[]);
    if (before !== after) this.applyBatches(before, after);
    for (const message of messages) {
      if (message.type === "snapshot") this.applyEnds(message.videos);
      if (message.type === "missed_some") message.isLittle ? this.reloadRecent() : this.reloadEverything();
    }
  }

  stop(): void {
    this.isStopped = true;
    this.waiting.clear();
  }

  /** An import that ended during a break has no further event: the cache still has it under way. */
  private applyEnds(snapshot: readonly ImportProgress[]): void {
    const ended = snapshot.filter(isClosed);
    if (ended.length === 0) return;
    const loaded = new Map(this.loadedVideos().map((video) => [video.id, video.import_stage]));
    for (const { video_id: videoId, stage } of ended) {
      const details = this.queryClient.getQueryData<VideoDetails>(keys.video(videoId));
      const isOutdated = (known?: string) => known !== undefined && known !== stage;
      if (isOutdated(details?.import_stage)) this.refetchDetails(videoId);
      if (isOutdated(loaded.get(videoId))) this.refetch(videoId);
    }
  }

  private applyEvents(events: readonly ImportProgress[]): void {
    const lists = new Map<string, Shown | null>();
    const unseen: string[] = [];
    for (const event of events) {
      const { list_id: listId, video_id: videoId } = event;
      const isOpen = this.queryClient.getQueryState(keys.video(videoId)) !== undefined;
      if (isOpen) this.refetchDetails(videoId);
      if (listId && !lists.has(listId)) lists.set(listId, this.shownIn(listId));
      const shown = lists.get(listId ?? "");
      const loaded = shown?.get(event.youtube_id);
      const isNew = event.stage === "created" && !event.waiting_for;
      if (listId && shown && loaded === undefined && isNew) this.loadNew(listId);
      if (loaded !== undefined && isWorthRefetching(event, loaded)) this.refetch(videoId);
      if (loaded === undefined && !isOpen) unseen.push(videoId);
    }
    forgetComplete(...unseen); // the next request for them reads that they are complete
  }

  /** A page that shows a running import refetches by itself; a page that opens later reads the new state. */
  private refetchDetails(videoId: string): void {
    const queryKey = keys.video(videoId);
    const details = this.queryClient.getQueryData<VideoDetails>(queryKey);
    if (details && isUnderWay(details)) void this.queryClient.invalidateQueries({ queryKey, refetchType: "none" });
    else this.reload(`video ${videoId}`, queryKey);
  }

  private applyBatches(before: Batches, after: Batches): void {
    for (const batch of after.values()) {
      const known = before.get(batch.batch_id) ?? this.batches.get(batch.batch_id);
      this.batches.set(batch.batch_id, batch);
      if (batch === known) continue;
      const isChanged = known && (isQueuedAgain(known, batch) || batch.cancelled > known.cancelled);
      if (isChanged) this.reload(`videos ${batch.list_id}`, keys.videos(batch.list_id));
      if (!known || batch.total > known.total || batch.isOver) this.loadNew(batch.list_id);
    }
  }

  private reloadEverything(): void {
    for (const queryKey of [keys.allVideos, keys.allDetails, keys.lists, keys.subscriptions]) {
      this.reload(queryKey[0], queryKey);
    }
  }

  /** A long list has many pages: new videos are at its top, and only running imports may have changed. */
  private reloadRecent(): void {
    const { queryClient } = this;
    for (const { queryKey } of queryClient.getQueryCache().findAll({ queryKey: keys.allVideos, type: "active" })) {
      this.loadNew(String(queryKey[1]));
    }
    void queryClient.invalidateQueries({ queryKey: keys.allVideos, type: "inactive", refetchType: "none" });
    for (const queryKey of [keys.allDetails, keys.lists, keys.subscriptions]) this.reload(queryKey[0], queryKey);
    const below = this.loadedVideos((videos) => videos.slice(VIDEOS_PER_PAGE)).filter(isUnderWay);
    const isWatched = new Set(watchedIds());
    below.sort((one, other) => Number(isWatched.has(other.id)) - Number(isWatched.has(one.id)));
    for (const { id } of below.slice(0, MAX_REFETCHES)) this.refetch(id);
  }

  private loadNew(listId: string): void {
    this.throttle.ask(`new ${listId}`, () => loadNewVideos(this.queryClient, listId));
    this.reload("lists", keys.lists);
    this.reload("subscriptions", keys.subscriptions);
  }

  private reload(name: string, queryKey: readonly string[]): void {
    this.throttle.ask(name, () => this.queryClient.invalidateQueries({ queryKey }));
  }

  private refetch(videoId: string): void {
    this.waiting.add(videoId);
    if (this.reloads < MAX_RELOADS_AT_ONCE) void this.refetchWaiting();
  }

  private async refetchWaiting(): Promise<void> {
    this.reloads += 1;
    for (const videoId of this.waiting) {
      this.waiting.delete(videoId);
      try {
        const { import_stage: stage } = await reloadVideo(this.queryClient, videoId);
        if (stage === "complete") forgetComplete(videoId);
      } catch (error) {
        if (error instanceof Problem && error.status === 404) removeVideo(this.queryClient, videoId);
        if (error instanceof Problem && error.isPassing) await this.putBack(videoId);
      }
    }
    this.reloads -= 1;
  }

  /** Nothing else would request it again: its import may be over. */
  private async putBack(videoId: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
    if (!this.isStopped) this.waiting.add(videoId);
  }

  private loadedVideos(part = (videos: Video[]) => videos): Video[] {
    const lists = this.queryClient.getQueriesData<VideoPages>({ queryKey: keys.allVideos });
    return lists.flatMap(([, pages]) => part(pages?.pages.flatMap((page) => page.items) ?? []));
  }

  private shownIn(listId: string): Shown | null {
    if (!this.queryClient.getQueryState(keys.videos(listId))) return null;
    const pages = this.queryClient.getQueryData<VideoPages>(keys.videos(listId))?.pages ?? [];
    const videos = [...pendingVideos(listId), ...pages.flatMap((page) => page.items)];
    return new Map(videos.map((video) => [video.youtube_id, video.import_stage]));
  }
}

/**
 * A single video shows its title as soon as that is known; the videos of a batch show theirs when they are done. An
 * import that restarts is still cached in its previous state.
 */
function isWorthRefetching({ stage, batch_id: batchId }: ImportProgress, loaded: ImportStage | null): boolean {
  if (stage === "created") return loaded !== "created";
  return isClosed({ stage }) || (stage === "metadata" && !batchId);
}
