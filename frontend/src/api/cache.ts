/** Changes to what the page remembers of the API's answers; used after requests and by live updates alike. */
import type { InfiniteData, QueryClient } from "@tanstack/react-query";
import { answerOf, api } from "./client";
import { keys } from "./keys";
import type { Video, VideoDetails, VideoPage } from "./types";

export type VideoPages = InfiniteData<VideoPage, string | null>;

export const VIDEOS_PER_PAGE = 60;
/** So many pages are asked for at most to find where the known videos begin again. */
const MAX_NEW_PAGES = 5;

/** Puts what is known of a video now in the place of what was known; does nothing where it is not shown. */
export function patchVideo(queryClient: QueryClient, video: Video): void {
  patchVideos(queryClient, [video]);
}

/** As `patchVideo`, for many in one go: each list is changed once. */
export function patchVideos(queryClient: QueryClient, videos: readonly Video[]): void {
  const patches = new Map(videos.map((video) => [video.id, video]));
  for (const listId of new Set(videos.map((video) => video.list_id))) {
    queryClient.setQueryData<VideoPages>(keys.videos(listId), (pages) => pages && patched(pages, patches));
  }
  for (const video of videos) {
    queryClient.setQueryData<VideoDetails>(keys.video(video.id), (details) => details && { ...details, ...video });
  }
}

/** Puts new videos on top of their list, in this order; those that are there already are patched instead. */
export function addVideos(queryClient: QueryClient, listId: string, videos: readonly Video[]): void {
  queryClient.setQueryData<VideoPages>(keys.videos(listId), (pages) => {
    const first = pages?.pages[0];
    if (!pages || !first) return pages;
    const known = idsIn(pages);
    const added = videos.filter((video) => !known.has(video.id));
    const top = { ...first, items: [...added, ...first.items] };
    return patched(
      { ...pages, pages: [top, ...pages.pages.slice(1)] },
      new Map(videos.map((video) => [video.id, video])),
    );
  });
}

/** As `addVideos`. A page under way may have been read before they were written, so it is asked for again. */
export async function addVideosForSure(
  queryClient: QueryClient,
  listId: string,
  videos: readonly Video[],
): Promise<void> {
  const queryKey = keys.videos(listId);
  addVideos(queryClient, listId, videos);
  if (queryClient.isFetching({ queryKey }) === 0) return;
  await queryClient.cancelQueries({ queryKey });
  await queryClient.invalidateQueries({ queryKey });
}

/** Takes a video out of every list and forgets its page. */
export function removeVideo(queryClient: QueryClient, videoId: string): void {
  queryClient.setQueriesData<VideoPages>({ queryKey: keys.allVideos }, (pages) => pages && without(pages, videoId));
  queryClient.removeQueries({ queryKey: keys.video(videoId) });
}

/** Asks for a video anew and shows what the answer says, wherever it is shown. */
export async function reloadVideo(queryClient: QueryClient, videoId: string): Promise<void> {
  const details = await answerOf(api.GET("/api/videos/{video_id}", { params: { path: { video_id: videoId } } }));
  patchVideo(queryClient, videoOf(details));
  queryClient.setQueryData<VideoDetails>(keys.video(videoId), (known) => known && details);
}

/**
 * Brings what is new at the top of a list, without asking for all of its pages again.
 * Where so much is new that the known videos are far below, the list begins anew from its top.
 */
export async function loadNewVideos(queryClient: QueryClient, listId: string): Promise<void> {
  const shown = queryClient.getQueryData<VideoPages>(keys.videos(listId));
  if (!shown) return;
  const known = idsIn(shown);
  const pages: VideoPage[] = [];
  let cursor: string | null = null;
  do {
    const page: VideoPage = await fetchVideoPage(listId, cursor);
    pages.push(page);
    cursor = page.next_cursor;
  } while (cursor && pages.length < MAX_NEW_PAGES && !pages.at(-1)?.items.some((video) => known.has(video.id)));
  const reachesKnown = pages.some((page) => page.items.some((video) => known.has(video.id)));
  const fresh = pages.flatMap((page) => page.items);
  if (reachesKnown) addVideos(queryClient, listId, fresh);
  else queryClient.setQueryData<VideoPages>(keys.videos(listId), restarted(pages));
}

/** Every list, batch and count that an import of many videos changes. */
export async function reloadAfterImport(queryClient: QueryClient, listId: string): Promise<void> {
  void queryClient.invalidateQueries({ queryKey: keys.lists });
  void queryClient.invalidateQueries({ queryKey: keys.batches });
  await loadNewVideos(queryClient, listId);
}

export function fetchVideoPage(listId: string, cursor: string | null, signal?: AbortSignal): Promise<VideoPage> {
  const query = { limit: VIDEOS_PER_PAGE, ...(cursor && { cursor }) };
  return answerOf(
    api.GET("/api/lists/{list_id}/videos", { params: { path: { list_id: listId }, query }, signal: signal ?? null }),
  );
}

function patched(pages: VideoPages, patches: ReadonlyMap<string, Video>): VideoPages {
  const changed = pages.pages.map((page) => {
    if (!page.items.some((video) => patches.has(video.id))) return page;
    return { ...page, items: page.items.map((video) => patches.get(video.id) ?? video) };
  });
  return { ...pages, pages: changed };
}

function without(pages: VideoPages, videoId: string): VideoPages {
  const changed = pages.pages.map((page) => {
    const items = page.items.filter((video) => video.id !== videoId);
    return items.length === page.items.length ? page : { ...page, items };
  });
  return { ...pages, pages: changed };
}

function restarted(pages: VideoPage[]): VideoPages {
  return { pages, pageParams: [null, ...pages.slice(0, -1).map((page) => page.next_cursor)] };
}

function idsIn(pages: VideoPages): Set<string> {
  return new Set(pages.pages.flatMap((page) => page.items.map((video) => video.id)));
}

/** The part of the details that a list shows. */
function videoOf(details: VideoDetails): Video {
  const {
    description: _description,
    tags: _tags,
    categories: _categories,
    view_count: _views,
    like_count: _likes,
    transcribed_seconds: _seconds,
    estimated_usd: _usd,
    ...video
  } = details;
  return video;
}
