import { useInfiniteQuery, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback, useMemo } from "react";
import { keys } from "../../api/keys";
import { Problem } from "../../api/problem";
import type { Video, VideoPage } from "../../api/types";
import { usePendingVideos } from "../../state/pendingVideos";
import { fetchVideoPage, patchBegun, putBackVideo, removeVideo } from "../cache";
import { answerOf, api } from "../client";

const FIRST_PAGE: string | null = null;

/** A list's videos, newest first, with those that were added this moment on top. */
export function useVideos(listId: string) {
  const queryClient = useQueryClient();
  const pending = usePendingVideos(listId);
  const query = useInfiniteQuery({
    queryKey: keys.videos(listId),
    queryFn: ({ pageParam, signal }) => fetchVideoPage(listId, pageParam, signal),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: (page) => page.next_cursor,
    enabled: listId !== "",
  });
  const pages = query.data?.pages;
  const videos = useMemo(() => shown(pending, pages ?? []), [pending, pages]);
  const { hasNextPage, isFetching, isFetchingNextPage, isPending, error, fetchNextPage: fetchNext } = query;
  // Fetching the next page would cancel a refetch in flight, and lose its result.
  const fetchNextPage = useCallback(async () => {
    if (queryClient.isFetching({ queryKey: keys.videos(listId), exact: true }) === 0) await fetchNext();
  }, [queryClient, listId, fetchNext]);
  /** Whatever failed last: a further page, or all of them. */
  const retry = query.isFetchNextPageError ? fetchNextPage : query.refetch;
  return { videos, fetchNextPage, hasNextPage, isFetching, isFetchingNextPage, isPending, error, retry };
}

/** A video is on a list once; while pages shift, it may be on two of them. */
function shown(pending: readonly Video[], pages: readonly VideoPage[]): Video[] {
  const loaded = new Map<string, Video>();
  for (const page of pages) {
    for (const video of page.items) if (!loaded.has(video.youtube_id)) loaded.set(video.youtube_id, video);
  }
  return [...pending.filter((video) => !loaded.has(video.youtube_id)), ...loaded.values()];
}

export function useVideo(videoId: string) {
  return useQuery({
    queryKey: keys.video(videoId),
    queryFn: ({ signal }) => answerOf(api.GET("/api/videos/{video_id}", { ...at(videoId), signal })),
  });
}

export function useChapters(videoId: string) {
  return useQuery({
    queryKey: keys.chapters(videoId),
    queryFn: async ({ signal }) =>
      (await answerOf(api.GET("/api/videos/{video_id}/chapters", { ...at(videoId), signal }))).chapters,
  });
}

/** `mutate(videoId)`: imports it again, or makes the next attempt now. */
export function useRetryVideo() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (videoId: string) => answerOf(api.POST("/api/videos/{video_id}/retry", at(videoId))),
    onSuccess: (video) => patchBegun(queryClient, video),
  });
}

/** `mutate(videoId)`: the card goes at once, and comes back where that failed. */
export function useDeleteVideo() {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (videoId: string) => answerOf(api.DELETE("/api/videos/{video_id}", at(videoId))),
    onMutate: (videoId) => removeVideo(queryClient, videoId),
    onError: (error, videoId, taken) => {
      const isGone = error instanceof Problem && error.isMissing;
      if (taken && !isGone) putBackVideo(queryClient, videoId, taken);
    },
    onSettled: () => {
      void queryClient.invalidateQueries({ queryKey: keys.lists });
    },
  });
}

function at(videoId: string) {
  return { params: { path: { video_id: videoId } } };
}
