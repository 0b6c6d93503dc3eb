/** Optimistic changes to a list that is being fetched: the response may be older than the changes. */
import type { InfiniteData, QueryClient, QueryKey } from "@tanstack/react-query";
import { keys } from "../api/keys";
import type { Video, VideoPage } from "../api/types";

export type VideoPages = InfiniteData<VideoPage, string | null>;

/** A list as it was before a video was taken out of it. */
export interface ListBefore {
  queryKey: QueryKey;
  pages: VideoPages;
}

type Write = (pages: VideoPages) => VideoPages;

/** A page that was requested before a video was deleted may bring it back; after so many more, none is in flight. */
const MAX_REMOVED = 1_000;

const updatesOf = new WeakMap<QueryClient, OptimisticListUpdates>();

export function optimisticListUpdates(queryClient: QueryClient): OptimisticListUpdates {
  const known = updatesOf.get(queryClient);
  if (known) return known;
  const made = new OptimisticListUpdates(queryClient);
  updatesOf.set(queryClient, made);
  return made;
}

/** Remembers changes made while a list is fetched, and applies them again when the fetch ends, successful or not. */
class OptimisticListUpdates {
  private readonly queryClient: QueryClient;
  private readonly kept = new Map<string, Write[]>();
  private readonly removed = new Set<string>();

  constructor(queryClient: QueryClient) {
    this.queryClient = queryClient;
    queryClient.getQueryCache().subscribe(({ type, query }) => {
      const [name, listId] = query.queryKey;
      if (name !== keys.allVideos[0] || typeof listId !== "string") return;
      if (type === "removed") this.kept.delete(listId);
      else if (type === "updated" && query.state.fetchStatus === "idle") this.reapply(listId);
    });
  }

  /** `write` may run twice, the second time on what was fetched meanwhile. */
  write(listId: string, write: Write, onRefetched: Write = write): void {
    const queryKey = keys.videos(listId);
    const isFetching = (this.queryClient.getQueryState(queryKey)?.fetchStatus ?? "idle") !== "idle";
    if (isFetching) this.kept.set(listId, [...(this.kept.get(listId) ?? []), onRefetched]);
    this.queryClient.setQueryData<VideoPages>(queryKey, (pages) => pages && write(pages));
  }

  /** Returns the lists that contained it, as they were before. */
  remove(videoId: string): ListBefore[] {
    this.removed.delete(videoId);
    this.removed.add(videoId);
    for (const oldest of this.removed) {
      if (this.removed.size <= MAX_REMOVED) break;
      this.removed.delete(oldest);
    }
    const filters = { queryKey: keys.allVideos };
    const lists = this.queryClient.getQueriesData<VideoPages>(filters);
    this.queryClient.setQueriesData<VideoPages>(filters, (pages) => pages && this.withoutRemoved(pages));
    const isOn = (pages: VideoPages) => pages.pages.some((page) => page.items.some(({ id }) => id === videoId));
    return lists.flatMap(([queryKey, pages]) => (pages && isOn(pages) ? [{ queryKey, pages }] : []));
  }

  /** The video was not deleted after all. */
  restore(videoId: string): void {
    this.removed.delete(videoId);
  }

  remaining(videos: readonly Video[]): readonly Video[] {
    return this.removed.size === 0 ? videos : videos.filter((video) => !this.removed.has(video.id));
  }

  private reapply(listId: string): void {
    const writes = this.kept.get(listId) ?? [];
    this.kept.delete(listId);
    const read = this.queryClient.getQueryData<VideoPages>(keys.videos(listId));
    if (!read) return;
    const written = this.withoutRemoved(writes.reduce((pages, write) => write(pages), read));
    if (written !== read) this.queryClient.setQueryData<VideoPages>(keys.videos(listId), written);
  }

  private withoutRemoved(pages: VideoPages): VideoPages {
    const isHit = pages.pages.some((page) => page.items.some((video) => this.removed.has(video.id)));
    if (!isHit) return pages;
    return { ...pages, pages: pages.pages.map((page) => ({ ...page, items: [...this.remaining(page.items)] })) };
  }
}
