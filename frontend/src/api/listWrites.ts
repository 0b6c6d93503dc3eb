/** Writes to a list that is being read at that moment: the answer may be older than they are. */
import type { InfiniteData, QueryClient, QueryKey } from "@tanstack/react-query";
import { keys } from "./keys";
import type { Video, VideoPage } from "./types";

export type VideoPages = InfiniteData<VideoPage, string | null>;

/** A list as it was before a video was taken out of it. */
export interface ListBefore {
  queryKey: QueryKey;
  pages: VideoPages;
}

type Write = (pages: VideoPages) => VideoPages;

/** A page that was asked for before a video was deleted may bring it back; after so many more none is on its way. */
const MAX_REMOVED = 1_000;

const writesOf = new WeakMap<QueryClient, ListWrites>();

export function listWrites(queryClient: QueryClient): ListWrites {
  const known = writesOf.get(queryClient);
  if (known) return known;
  const made = new ListWrites(queryClient);
  writesOf.set(queryClient, made);
  return made;
}

/** Keeps what was written while a list is read and writes it again when that has ended, however it ended. */
class ListWrites {
  private readonly queryClient: QueryClient;
  private readonly kept = new Map<string, Write[]>();
  private readonly removed = new Set<string>();

  constructor(queryClient: QueryClient) {
    this.queryClient = queryClient;
    queryClient.getQueryCache().subscribe(({ type, query }) => {
      const [name, listId] = query.queryKey;
      if (name !== keys.allVideos[0] || typeof listId !== "string") return;
      if (type === "removed") this.kept.delete(listId);
      else if (type === "updated" && query.state.fetchStatus === "idle") this.writeAgain(listId);
    });
  }

  /** `write` may run twice; the second time on what was read meanwhile. */
  write(listId: string, write: Write, again: Write = write): void {
    const queryKey = keys.videos(listId);
    const isBeingRead = (this.queryClient.getQueryState(queryKey)?.fetchStatus ?? "idle") !== "idle";
    if (isBeingRead) this.kept.set(listId, [...(this.kept.get(listId) ?? []), again]);
    this.queryClient.setQueryData<VideoPages>(queryKey, (pages) => pages && write(pages));
  }

  /** Answers the lists that it was on. */
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

  /** It is there all the same. */
  recall(videoId: string): void {
    this.removed.delete(videoId);
  }

  left(videos: readonly Video[]): readonly Video[] {
    return this.removed.size === 0 ? videos : videos.filter((video) => !this.removed.has(video.id));
  }

  private writeAgain(listId: string): void {
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
    return { ...pages, pages: pages.pages.map((page) => ({ ...page, items: [...this.left(page.items)] })) };
  }
}
