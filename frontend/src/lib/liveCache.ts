import type { QueryClient } from "@tanstack/react-query";
import { loadNewVideos, reloadVideo, removeVideo, VIDEOS_PER_PAGE, type VideoPages } from "../api/cache";
import { Problem } from "../api/client";
import { keys } from "../api/keys";
import type { ImportProgress, ImportStage, Video, VideoDetails } from "../api/types";
import { pendingVideos } from "../stores/pendingVideos";
import { forgetComplete } from "../stores/progress";
import { type BatchNews, isClosed, isQueuedAgain } from "../stores/progressRules";
import { isUnderWay } from "./cardState";
import type { LiveMessage } from "./messages";
import { Throttle } from "./throttle";
import { watchedIds } from "./watched";

const PAUSE_MS = 1_000;
/** The API may be away for a moment. */
const READ_AGAIN_MS = 5_000;
const MAX_RELOADS_AT_ONCE = 4;
/** So many videos that are under way further down are read one by one after a short break. */
const MAX_READ_AGAIN = 60;

type Batches = ReadonlyMap<string, BatchNews>;
/** Stages by YouTube id. */
type Shown = ReadonlyMap<string, ImportStage | null>;

/** Brings what was loaded up to date with what came live, with as few requests as will do. */
export class LiveCache {
  private readonly queryClient: QueryClient;
  private readonly throttle = new Throttle(PAUSE_MS);
  private readonly waiting = new Set<string>();
  /** Every batch as it was told last, also where its banner was closed since. */
  private readonly batches = new Map<string, BatchNews>();
  private reloads = 0;
  private isStopped = false;

  constructor(queryClient: QueryClient) {
    this.queryClient = queryClient;
  }

  take(messages: readonly LiveMessage[], before: Batches, after: Batches): void {
    const events = messages.filter((message) => message.type === "import_progress" && message.seq != null);
    this.takeEvents(events as ImportProgress[]);
    if (before !== after) this.takeBatches(before, after);
    for (const message of messages) {
      if (message.type === "snapshot") this.takeEnds(message.videos);
      if (message.type === "missed_some") message.isLittle ? this.reloadRecent() : this.reloadEverything();
    }
  }

  stop(): void {
    this.isStopped = true;
    this.waiting.clear();
  }

  /** An import that ended while nobody listened has no further event: what is loaded still has it under way. */
  private takeEnds(told: readonly ImportProgress[]): void {
    const ended = told.filter(isClosed);
    if (ended.length === 0) return;
    const loaded = new Map(this.loadedVideos().map((video) => [video.id, video.import_stage]));
    for (const { video_id: videoId, stage } of ended) {
      const details = this.queryClient.getQueryData<VideoDetails>(keys.video(videoId));
      const isOutdated = (known?: string) => known !== undefined && known !== stage;
      if (isOutdated(details?.import_stage)) this.renewDetails(videoId);
      if (isOutdated(loaded.get(videoId))) this.readAgain(videoId);
    }
  }

  private takeEvents(events: readonly ImportProgress[]): void {
    const lists = new Map<string, Shown | null>();
    const unseen: string[] = [];
    for (const event of events) {
      const { list_id: listId, video_id: videoId } = event;
      const isOpen = this.queryClient.getQueryState(keys.video(videoId)) !== undefined;
      if (isOpen) this.renewDetails(videoId);
      if (listId && !lists.has(listId)) lists.set(listId, this.shownIn(listId));
      const shown = lists.get(listId ?? "");
      const loaded = shown?.get(event.youtube_id);
      if (listId && shown && loaded === undefined && event.stage === "created") this.loadNew(listId);
      if (loaded !== undefined && isWorthReading(event, loaded)) this.readAgain(videoId);
      if (loaded === undefined && !isOpen) unseen.push(videoId);
    }
    forgetComplete(...unseen); // whoever shows them later reads that they are complete
  }

  /** A page that shows an import hears of it by itself and reads again; one that is opened later reads anew. */
  private renewDetails(videoId: string): void {
    const queryKey = keys.video(videoId);
    const details = this.queryClient.getQueryData<VideoDetails>(queryKey);
    if (details && isUnderWay(details)) void this.queryClient.invalidateQueries({ queryKey, refetchType: "none" });
    else this.reload(`video ${videoId}`, queryKey);
  }

  private takeBatches(before: Batches, after: Batches): void {
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

  /** A long list has many pages: what is new is at its top, and what may have changed is under way. */
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
    for (const { id } of below.slice(0, MAX_READ_AGAIN)) this.readAgain(id);
  }

  private loadNew(listId: string): void {
    this.throttle.ask(`new ${listId}`, () => loadNewVideos(this.queryClient, listId));
    this.reload("lists", keys.lists);
    this.reload("subscriptions", keys.subscriptions);
  }

  private reload(name: string, queryKey: readonly string[]): void {
    this.throttle.ask(name, () => this.queryClient.invalidateQueries({ queryKey }));
  }

  private readAgain(videoId: string): void {
    this.waiting.add(videoId);
    if (this.reloads < MAX_RELOADS_AT_ONCE) void this.readWaiting();
  }

  private async readWaiting(): Promise<void> {
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

  /** Nothing else would ask for it again: its import may be over. */
  private async putBack(videoId: string): Promise<void> {
    await new Promise((resolve) => setTimeout(resolve, READ_AGAIN_MS));
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
 * A single video has its title as soon as that is known; many at once have theirs when they are done. One that begins
 * anew is still loaded as it was before.
 */
function isWorthReading({ stage, batch_id: batchId }: ImportProgress, loaded: ImportStage | null): boolean {
  if (stage === "created") return loaded !== "created";
  return isClosed({ stage }) || (stage === "metadata" && !batchId);
}
