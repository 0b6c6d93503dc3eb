/** Changes to what the page remembers of the API's answers; used after requests and by live updates alike. */
import type { QueryClient } from "@tanstack/react-query";
import { keys } from "../api/keys";
import type { ImportProgress, Video, VideoDetails, VideoPage } from "../api/types";
import { forgetProgress, useProgressStore } from "../state/progress";
import { isClosed } from "../state/progressRules";
import { answerOf, api } from "./client";
import { type ListBefore, optimisticListUpdates, type VideoPages } from "./optimisticListUpdates";
import { withProgress } from "./withProgress";

export type { VideoPages } from "./optimisticListUpdates";

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
    optimisticListUpdates(queryClient).write(listId, (pages) => patched(pages, patches));
  }
  for (const video of videos) {
    queryClient.setQueryData<VideoDetails>(keys.video(video.id), (details) => details && { ...details, ...video });
  }
}

/** Brings loaded videos up to what was told of their imports, by video. Returns the ids of those that are loaded. */
export function updateVideos(queryClient: QueryClient, told: ReadonlyMap<string, ImportProgress>): Set<string> {
  const found = new Set<string>();
  const update = (video: Video) => {
    const news = told.get(video.id);
    if (!news) return video;
    found.add(video.id);
    return withProgress(video, news);
  };
  for (const listId of new Set([...told.values()].map((each) => each.list_id))) {
    if (listId) optimisticListUpdates(queryClient).write(listId, (pages) => mapVideos(pages, update, told));
  }
  return found;
}

/** Whether a loaded list has this video. */
export function isListed(queryClient: QueryClient, listId: string, youtubeId: string): boolean {
  const pages = queryClient.getQueryData<VideoPages>(keys.videos(listId))?.pages ?? [];
  return pages.some((page) => page.items.some((video) => video.youtube_id === youtubeId));
}

/** As `patchVideo`, for a video whose import restarts: forgets how the previous import ended. */
export function patchBegun(queryClient: QueryClient, video: Video): void {
  const known = useProgressStore.getState().progress.get(video.id);
  if (known && isClosed(known)) forgetProgress(video.id);
  patchVideo(queryClient, video);
}

/**
 * Puts new videos on top of their list, in this order; those that are there already are patched instead, unless they are
 * complete by now: each was read again on its own while these were on their way.
 */
export function addVideos(queryClient: QueryClient, listId: string, videos: readonly Video[]): void {
  const added = optimisticListUpdates(queryClient).remaining(videos);
  const patches = new Map(added.map((video) => [video.id, video]));
  optimisticListUpdates(queryClient).write(listId, (pages) => patchedLater(withOnTop(pages, added), patches));
}

/** As `addVideos`, for videos that are there for sure. A list that was never read so far is asked for again. */
export async function addVideosForSure(
  queryClient: QueryClient,
  listId: string,
  videos: readonly Video[],
): Promise<void> {
  const queryKey = keys.videos(listId);
  for (const video of videos) optimisticListUpdates(queryClient).restore(video.id);
  addVideos(queryClient, listId, videos);
  if (queryClient.getQueryData(queryKey) || queryClient.isFetching({ queryKey }) === 0) return;
  await queryClient.cancelQueries({ queryKey });
  await queryClient.invalidateQueries({ queryKey });
}

/** What was forgotten with a video that was taken out, to be put back where it is there all the same. */
export interface TakenOut {
  lists: readonly ListBefore[];
  details: VideoDetails | undefined;
}

/** Takes a video out of every list, for as long as pages that still have it may come, and forgets its page. */
export function removeVideo(queryClient: QueryClient, videoId: string): TakenOut {
  const details = queryClient.getQueryData<VideoDetails>(keys.video(videoId));
  const lists = optimisticListUpdates(queryClient).remove(videoId);
  forgetProgress(videoId);
  queryClient.removeQueries({ queryKey: keys.video(videoId) });
  return { lists, details };
}

/** A video that was taken out is there all the same: it comes back at once, and its lists are read again. */
export function putBackVideo(queryClient: QueryClient, videoId: string, { lists, details }: TakenOut): void {
  optimisticListUpdates(queryClient).restore(videoId);
  for (const { queryKey, pages: before } of lists) {
    queryClient.setQueryData<VideoPages>(queryKey, (pages) => pages && withAgain(pages, before, videoId));
  }
  if (details) queryClient.setQueryData<VideoDetails>(keys.video(videoId), details);
  void queryClient.invalidateQueries({ queryKey: keys.allVideos });
}

/** Refetches a video and updates it wherever it is shown. */
export async function reloadVideo(queryClient: QueryClient, videoId: string): Promise<VideoDetails> {
  const details = await answerOf(api.GET("/api/videos/{video_id}", { params: { path: { video_id: videoId } } }));
  const patches = new Map([[videoId, videoOf(details)]]);
  const write = (pages: VideoPages) => patched(pages, patches);
  optimisticListUpdates(queryClient).write(details.list_id, write, (pages) => patchedLater(pages, patches));
  queryClient.setQueryData<VideoDetails>(keys.video(videoId), (known) => known && details);
  return details;
}

/**
 * Brings what is new at the top of a list, without asking for all of its pages again.
 * If the known videos are too far below the new ones, the list is reloaded from its top.
 */
export async function loadNewVideos(queryClient: QueryClient, listId: string): Promise<void> {
  try {
    await readNewVideos(queryClient, listId);
  } catch {
    // The list's own query tries more than once, and says so where it cannot.
    await queryClient.invalidateQueries({ queryKey: keys.videos(listId) });
  }
}

async function readNewVideos(queryClient: QueryClient, listId: string): Promise<void> {
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
  else optimisticListUpdates(queryClient).write(listId, () => restarted(queryClient, pages));
}

/** Every list and count that an import of many videos changes. Where that fails, the import was done all the same. */
export function reloadAfterImport(queryClient: QueryClient, listId: string): void {
  void queryClient.invalidateQueries({ queryKey: keys.lists });
  void loadNewVideos(queryClient, listId);
}

export function fetchVideoPage(listId: string, cursor: string | null, signal?: AbortSignal): Promise<VideoPage> {
  const query = { limit: VIDEOS_PER_PAGE, ...(cursor && { cursor }) };
  return answerOf(
    api.GET("/api/lists/{list_id}/videos", { params: { path: { list_id: listId }, query }, signal: signal ?? null }),
  );
}

function patched(pages: VideoPages, patches: ReadonlyMap<string, Video>): VideoPages {
  return mapVideos(pages, (video) => patches.get(video.id) ?? video, patches);
}

/** Pages without any of the changed videos stay the same objects. */
function mapVideos(
  pages: VideoPages,
  change: (video: Video) => Video,
  changed: ReadonlyMap<string, unknown>,
): VideoPages {
  const written = pages.pages.map((page) => {
    if (!page.items.some((video) => changed.has(video.id))) return page;
    return { ...page, items: page.items.map(change) };
  });
  return { ...pages, pages: written };
}

/** As `patched` with what was asked for earlier than what is there: what is complete in there is newer. */
function patchedLater(pages: VideoPages, patches: ReadonlyMap<string, Video>): VideoPages {
  const complete = new Set<string>();
  for (const page of pages.pages) {
    for (const video of page.items) if (video.import_stage === "complete") complete.add(video.id);
  }
  const newer = [...patches].filter(([id, video]) => video.import_stage === "complete" || !complete.has(id));
  return patched(pages, new Map(newer));
}

/** In the API's order: a further page of a channel is older than the first, and was added at the same moment. */
function withOnTop(pages: VideoPages, videos: readonly Video[]): VideoPages {
  const known = idsIn(pages);
  const added = videos.filter((video) => !known.has(video.id));
  if (added.length === 0) return pages;
  const shown = [...added, ...pages.pages.flatMap((page) => page.items)];
  const cut = inPages(shown.sort(newestFirst), pages.pages.at(-1)?.next_cursor ?? null);
  return { pages: cut, pageParams: cut.map(() => null) };
}

function newestFirst(one: Video, other: Video): number {
  const [a, b] = [moment(one), moment(other)];
  return a === b ? 0 : a < b ? 1 : -1;
}

/** A time to the microsecond, to be compared as text: the API leaves out zeros at its end. */
function moment({ created_at: at }: Video): string {
  const [seconds = "", fraction = ""] = at.replace(/Z$/, "").split(".");
  return `${seconds}.${fraction.padEnd(6, "0")}`;
}

/**
 * Pages as long as the API's. A list is read again with as many pages as there are: were there one long page on top, all
 * but its first videos would be gone then. Nobody asks with the cursors in between, so nothing stands for them.
 */
function inPages(items: Video[], cursor: string | null): VideoPage[] {
  const pages: VideoPage[] = [{ items: items.slice(-VIDEOS_PER_PAGE), next_cursor: cursor }];
  for (let end = items.length - VIDEOS_PER_PAGE; end > 0; end -= VIDEOS_PER_PAGE) {
    pages.unshift({ items: items.slice(Math.max(end - VIDEOS_PER_PAGE, 0), end), next_cursor: null });
  }
  return pages;
}

/** With a video that was taken out of `before`: above the first of those below it that is still there. */
function withAgain(pages: VideoPages, before: VideoPages, videoId: string): VideoPages {
  const order = before.pages.flatMap((page) => page.items);
  const place = order.findIndex((video) => video.id === videoId);
  const video = order[place];
  const known = idsIn(pages);
  if (!video || known.has(videoId)) return pages;
  const below = order.slice(place + 1).find(({ id }) => known.has(id));
  const isBelow = ({ id }: Video) => id === below?.id;
  const chosen = below ? pages.pages.find((page) => page.items.some(isBelow)) : pages.pages.at(-1);
  const putIn = ({ items, ...page }: VideoPage): VideoPage => {
    const index = below ? items.findIndex(isBelow) : items.length;
    return { ...page, items: [...items.slice(0, index), video, ...items.slice(index)] };
  };
  return { ...pages, pages: pages.pages.map((page) => (page === chosen ? putIn(page) : page)) };
}

function restarted(queryClient: QueryClient, pages: VideoPage[]): VideoPages {
  const left = pages.map((page) => ({ ...page, items: [...optimisticListUpdates(queryClient).remaining(page.items)] }));
  return { pages: left, pageParams: [null, ...pages.slice(0, -1).map((page) => page.next_cursor)] };
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
    stage_times: _times,
    ...video
  } = details;
  return video;
}
