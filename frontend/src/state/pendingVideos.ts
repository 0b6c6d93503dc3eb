/** Cards of videos that the API has not answered for yet. They stand above a list's own, whatever is loaded meanwhile. */
import { create } from "zustand";
import type { Video } from "../api/types";

const NEW = "new:";
const NONE: readonly Video[] = [];

interface PendingVideos {
  byList: Record<string, readonly Video[]>;
}

export const usePendingStore = create<PendingVideos>(() => ({ byList: {} }));

export function usePendingVideos(listId: string): readonly Video[] {
  return usePendingStore((state) => state.byList[listId] ?? NONE);
}

export function pendingVideos(listId: string): readonly Video[] {
  return usePendingStore.getState().byList[listId] ?? NONE;
}

/** Whether this is the id of a card for a request in flight. */
export function isPendingId(videoId: string): boolean {
  return videoId.startsWith(NEW);
}

/** Shows a card at once for every id, the first one on top. */
export function addPending(listId: string, youtubeIds: readonly string[]): void {
  const shown = pendingVideos(listId);
  const known = new Set(shown.map((video) => video.youtube_id));
  const added = [...new Set(youtubeIds)].filter((id) => !known.has(id)).map((id) => pendingVideo(listId, id));
  if (added.length > 0) put(listId, [...added, ...shown]);
}

export function removePending(listId: string, youtubeIds: readonly string[]): void {
  const gone = new Set(youtubeIds);
  put(
    listId,
    pendingVideos(listId).filter((video) => !gone.has(video.youtube_id)),
  );
}

function put(listId: string, videos: readonly Video[]): void {
  usePendingStore.setState((state) => ({ byList: { ...state.byList, [listId]: videos } }));
}

function pendingVideo(listId: string, youtubeId: string): Video {
  return {
    id: `${NEW}${youtubeId}`,
    list_id: listId,
    youtube_id: youtubeId,
    url: `https://www.youtube.com/watch?v=${youtubeId}`,
    title: null,
    channel: null,
    duration_seconds: null,
    published_at: null,
    starts_at: null,
    thumbnail_url: `https://img.youtube.com/vi/${youtubeId}/mqdefault.jpg`,
    import_stage: "created",
    import_progress: 0,
    captions_source: null,
    captions_language: null,
    captions_missing: null,
    captions_missing_message: null,
    error_code: null,
    error_message: null,
    waiting_for: null,
    waiting_message: null,
    retry_at: null,
    created_at: new Date().toISOString(),
  };
}
