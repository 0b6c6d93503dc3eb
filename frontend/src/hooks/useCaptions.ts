import { useInfiniteQuery } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";
import { answerOf, api } from "../api/client";
import { keys } from "../api/keys";
import type { CaptionsKind, Segment } from "../api/types";

const LINES_PER_PAGE = 1000;
/** Captions of a complete import change once a week at most. */
const FRESH_MS = 5 * 60_000;
const FIRST_PAGE: string | null = null;

export interface Captions {
  segments: readonly Segment[];
  kind: CaptionsKind | null;
  isPending: boolean;
  /** Whether `segments` is everything. */
  isWhole: boolean;
  error: Error | null;
  retry: () => void;
}

/** A video's captions: the first lines as soon as they are there, the others behind them, page by page. */
export function useCaptions(videoId: string): Captions {
  const query = useInfiniteQuery({
    queryKey: [...keys.transcript(videoId), "pages"],
    queryFn: ({ pageParam, signal }) => fetchPage(videoId, pageParam, signal),
    initialPageParam: FIRST_PAGE,
    getNextPageParam: (page) => page.next_cursor,
    staleTime: FRESH_MS,
  });
  const { data, error, hasNextPage, isFetching, fetchNextPage, isPending } = query;
  useEffect(() => {
    if (hasNextPage && !isFetching && !error) void fetchNextPage();
  }, [hasNextPage, isFetching, error, fetchNextPage]);

  const segments = useMemo(() => data?.pages.flatMap((page) => page.segments) ?? [], [data]);
  const retry = () => void (data ? fetchNextPage() : query.refetch());
  const kind = data?.pages[0]?.captions_kind ?? null;
  return { segments, kind, isPending, isWhole: Boolean(data) && !hasNextPage, error, retry };
}

function fetchPage(videoId: string, cursor: string | null, signal: AbortSignal) {
  const query = { limit: LINES_PER_PAGE, ...(cursor && { cursor }) };
  const params = { path: { video_id: videoId }, query };
  return answerOf(api.GET("/api/videos/{video_id}/transcript", { params, signal }));
}
