import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { keys } from "../../api/keys";
import type { CaptionsKind, Segment } from "../../api/types";
import { answerOf, api } from "../../data/client";

const LINES_PER_PAGE = 1000;
/** Captions of a complete import change once a week at most. */
const FRESH_MS = 5 * 60_000;
const FIRST_PAGE: string | null = null;

export interface Captions {
  segments: readonly Segment[];
  kind: CaptionsKind | null;
  /** Null if unknown. */
  language: string | null;
  isPending: boolean;
  /** Whether `segments` is everything. */
  isWhole: boolean;
  error: Error | null;
  retry: () => void;
}

/** A video's captions: the first lines as soon as they are there, the others behind them, page by page. */
export function useCaptions(videoId: string): Captions {
  const query = useCaptionPages(videoId);
  const { data, error, hasNextPage, isFetching, fetchNextPage, isFetchNextPageError, isPending } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching && !error) void fetchNextPage();
  }, [hasNextPage, isFetching, error, fetchNextPage]);

  const segments = useMemo(() => data?.pages.flatMap((page) => page.segments) ?? [], [data]);
  const retry = () => void (isFetchNextPageError ? fetchNextPage() : query.refetch());
  const { captions_kind: kind = null, captions_language: language = null } = data?.pages[0] ?? {};
  return { segments, kind, language, isPending, isWhole: Boolean(data) && !hasNextPage, error, retry };
}

/** Whether a video has captions by now; null while unknown. Requests nothing unless `isAsked`. */
export function useHasLines(videoId: string, isAsked: boolean): boolean | null {
  const { data, isPending } = useCaptionPages(videoId, isAsked);
  if (!isAsked) return false;
  return isPending ? null : Boolean(data?.pages[0]?.segments.length);
}

function useCaptionPages(videoId: string, enabled = true) {
  return useInfiniteQuery({
    queryKey: [...keys.transcript(videoId), "pages"],
    queryFn: ({ pageParam, signal }) => fetchPage(videoId, pageParam, signal),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: FRESH_MS,
    enabled,
  });
}

function fetchPage(videoId: string, cursor: string | null, signal: AbortSignal) {
  const query = { limit: LINES_PER_PAGE, ...(cursor && { cursor }) };
  const params = { path: { video_id: videoId }, query };
  return answerOf(api.GET("/api/videos/{video_id}/transcript", { params, signal }));
}
