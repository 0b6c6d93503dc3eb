import { type QueryClient, useMutation, useQueryClient } from "@tanstack/react-query";
import { keys } from "../../api/keys";
import { Problem } from "../../api/problem";
import type { BatchCreated, ChannelTab, ImportCreated, Preview, Video, VideoFilter } from "../../api/types";
import { addPending, removePending } from "../../state/pendingVideos";
import { addVideosForSure, reloadAfterImport } from "../cache";
import { answerOf, api } from "../client";
import { youtubeIdOf } from "../youtube";

/** The new video, or the one that the list had already. */
export type AddResult = { video: Video; duplicate?: undefined } | { duplicate: Video; video?: undefined };

/** What may be looked at before it is imported. */
export type PreviewRequest = { urls: string[] } | SourceRequest | { file: File };

/** A playlist or channel; without `tab`, its address says which list of the channel. */
export interface SourceRequest {
  source: string;
  tab?: ChannelTab;
  filter?: VideoFilter;
}

const EVERYTHING = { tab: null, filter: null };

/** So many cards are shown at once while many addresses are on their way; the rest comes with the answer. */
const MAX_PENDING = 120;

/** `mutate(url)`: a card stands in the list at once and is replaced by the answer's. */
export function useAddVideo(listId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (url: string) => addVideo(listId, url),
    onMutate: (url) => addPending(listId, newIds([url])),
    onSuccess: ({ video }, url) => replacePending(queryClient, listId, [url], video ? [video] : []),
    onError: (_error, url) => removePending(listId, newIds([url])),
    onSettled: () => reloadCounts(queryClient),
  });
}

async function addVideo(listId: string, url: string): Promise<AddResult> {
  try {
    return { video: await answerOf(api.POST("/api/lists/{list_id}/videos", { ...at(listId), body: { url } })) };
  } catch (error) {
    const duplicate = error instanceof Problem && error.status === 409 ? error.body.video : null;
    if (!duplicate) throw error;
    return { duplicate };
  }
}

/** `mutate(urls)`: as `useAddVideo`, for up to a thousand addresses. */
export function useAddMany(listId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (urls: string[]): Promise<BatchCreated> =>
      answerOf(api.POST("/api/lists/{list_id}/videos/batch", { ...at(listId), body: { urls } })),
    onMutate: (urls) => addPending(listId, newIds(urls)),
    onSuccess: ({ videos }, urls) => replacePending(queryClient, listId, urls, videos),
    onError: (_error, urls) => removePending(listId, newIds(urls)),
    onSettled: () => reloadCounts(queryClient),
  });
}

/** `mutate(file)`. */
export function useImportFile(listId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (file: File): Promise<ImportCreated> =>
      answerOf(api.POST("/api/lists/{list_id}/imports", { ...at(listId), ...upload(file) })),
    onSuccess: () => reloadAfterImport(queryClient, listId),
  });
}

/** `mutate({ source, tab })`: a playlist or channel. Its videos arrive page by page, through live updates. */
export function useImportSource(listId: string) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (source: SourceRequest): Promise<ImportCreated> =>
      answerOf(api.POST("/api/lists/{list_id}/imports", { ...at(listId), body: { ...EVERYTHING, ...source } })),
    onSuccess: () => reloadCounts(queryClient),
  });
}

/** What an import would bring. Nothing is written, so this is no mutation: other tabs have nothing to read again. */
export function fetchPreview(listId: string, request: PreviewRequest, signal: AbortSignal): Promise<Preview> {
  const options =
    "file" in request ? upload(request.file) : { body: { urls: null, source: null, ...EVERYTHING, ...request } };
  return answerOf(api.POST("/api/lists/{list_id}/imports/preview", { ...at(listId), ...options, signal }));
}

/** The videos' own cards in the place of those that stood for them, at the latest once the list is read. */
function replacePending(queryClient: QueryClient, listId: string, urls: string[], videos: Video[]): void {
  void addVideosForSure(queryClient, listId, videos).finally(() => removePending(listId, newIds(urls)));
}

/** The contract's field is the file itself; the form carries it. */
function upload(file: File) {
  const form = new FormData();
  form.append("file", file, file.name);
  return { body: { file: file.name }, bodySerializer: () => form };
}

function newIds(urls: readonly string[]): string[] {
  const ids = urls.slice(0, MAX_PENDING).map(youtubeIdOf);
  return ids.filter((id) => id !== null);
}

function reloadCounts(queryClient: QueryClient): void {
  void queryClient.invalidateQueries({ queryKey: keys.lists });
}

function at(listId: string) {
  return { params: { path: { list_id: listId } } };
}
