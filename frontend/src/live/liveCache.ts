import type { QueryClient } from "@tanstack/react-query";
import { keys } from "../api/keys";
import type { Change, ImportProgress, VideoDetails } from "../api/types";
import { isListed, loadNewVideos, removeVideo, updateVideos } from "../data/cache";
import type { LiveMessage } from "../state/messages";
import { pendingVideos } from "../state/pendingVideos";
import { forgetComplete } from "../state/progress";
import { type BatchStatus, isClosed, isQueuedAgain, isUnderWay } from "../state/progressRules";
import { Throttle } from "./throttle";

const PAUSE_MS = 1_000;

type Batches = ReadonlyMap<string, BatchStatus>;

/** Updates the query cache after live messages. Those of imports say all that cards show, and cost no request. */
export class LiveCache {
  private readonly queryClient: QueryClient;
  private readonly throttle = new Throttle(PAUSE_MS);
  /** The last known state of every batch, including those whose banner was closed. */
  private readonly batches = new Map<string, BatchStatus>();

  constructor(queryClient: QueryClient) {
    this.queryClient = queryClient;
  }

  apply(messages: readonly LiveMessage[], before: Batches, after: Batches): void {
    this.applyProgress(messages);
    if (before !== after) this.applyBatches(before, after);
    for (const message of messages) this.applyChange(message);
  }

  private applyProgress(messages: readonly LiveMessage[]): void {
    const latest = new Map<string, ImportProgress>();
    for (const message of messages) {
      if (message.type === "snapshot") for (const video of message.videos) latest.set(video.video_id, video);
      if (message.type === "import_progress" && message.seq != null) latest.set(message.video_id, message);
    }
    const listed = updateVideos(this.queryClient, latest);
    for (const told of latest.values()) this.applyTo(told, listed.has(told.video_id));
  }

  private applyTo(told: ImportProgress, isUpdated: boolean): void {
    const { video_id: videoId, list_id: listId } = told;
    const isOpen = this.queryClient.getQueryState(keys.video(videoId)) !== undefined;
    if (isOpen && (told.seq != null || isClosed(told))) this.refetchDetails(told);
    const isBegun = told.stage === "created" && told.seq != null && !told.waiting_for;
    if (listId && isBegun && !isUpdated && this.isMissing(listId, told.youtube_id)) this.loadNew(listId);
    if (!isOpen) forgetComplete(videoId); // the card, or the next request for it, says that it is complete
  }

  /** A page that shows a running import refetches by itself; a page that opens later reads the new state. */
  private refetchDetails({ video_id: videoId, stage, title }: ImportProgress): void {
    const queryKey = keys.video(videoId);
    const details = this.queryClient.getQueryData<VideoDetails>(queryKey);
    if (details?.import_stage === stage && details.title === (title ?? details.title)) return;
    if (details && isUnderWay(details)) void this.queryClient.invalidateQueries({ queryKey, refetchType: "none" });
    else this.reload(`video ${videoId}`, queryKey);
  }

  private applyBatches(before: Batches, after: Batches): void {
    for (const batch of after.values()) {
      const known = before.get(batch.batch_id) ?? this.batches.get(batch.batch_id);
      this.batches.set(batch.batch_id, batch);
      if (batch === known || batch.endedBefore) continue;
      const isChanged = known && (isQueuedAgain(known, batch) || batch.cancelled > known.cancelled);
      if (isChanged) this.reload(`videos ${batch.list_id}`, keys.videos(batch.list_id));
      if (!known || batch.total > known.total || batch.isOver) this.loadNew(batch.list_id);
    }
  }

  private applyChange(message: Change | LiveMessage): void {
    switch (message.type) {
      case "list_changed":
        this.reload("lists", keys.lists);
        break;
      case "list_deleted":
        this.reload("lists", keys.lists);
        this.reload("subscriptions", keys.subscriptions);
        break;
      case "video_deleted":
        if (message.video_id) removeVideo(this.queryClient, message.video_id);
        this.reload("lists", keys.lists);
        break;
      case "subscription_changed":
      case "subscription_deleted":
        this.reload("subscriptions", keys.subscriptions);
        break;
      case "batch_ended":
        this.loadNew(message.list_id);
        break;
      case "missed_some":
        for (const queryKey of [keys.allVideos, keys.allDetails, keys.lists, keys.subscriptions]) {
          this.reload(queryKey[0], queryKey);
        }
        break;
      default:
        break;
    }
  }

  private loadNew(listId: string): void {
    this.throttle.ask(`new ${listId}`, () => loadNewVideos(this.queryClient, listId));
    this.reload("lists", keys.lists);
  }

  private reload(name: string, queryKey: readonly string[]): void {
    this.throttle.ask(name, () => this.queryClient.invalidateQueries({ queryKey }));
  }

  /** Whether a loaded list lacks the video, also among those that were added this moment. */
  private isMissing(listId: string, youtubeId: string): boolean {
    if (!this.queryClient.getQueryState(keys.videos(listId))) return false;
    const isPending = pendingVideos(listId).some((video) => video.youtube_id === youtubeId);
    return !isPending && !isListed(this.queryClient, listId, youtubeId);
  }
}
