import { useCallback, useDeferredValue, useMemo, useState } from "react";
import type { Segment } from "../../api/types";
import { findMatches, type Mark, marksByLine, searchableText } from "./transcriptSearch";

export interface TranscriptSearchState {
  query: string;
  setQuery: (query: string) => void;
  /** How many places were found; null while nothing is searched for. */
  total: number | null;
  /** Which of them is shown, from 0; -1: none. */
  current: number;
  /** The line on which the shown place begins. */
  currentLine: number | null;
  marks: ReadonlyMap<number, readonly Mark[]>;
  /** Goes on by so many places, around the ends. Answers the line to be shown. */
  step: (by: number) => number | null;
}

export function useTranscriptSearch(segments: readonly Segment[]): TranscriptSearchState {
  const [query, setQueryText] = useState("");
  const [place, setPlace] = useState(0);
  const searched = useDeferredValue(query);
  const searchable = useMemo(() => searchableText(segments.map(({ text }) => text)), [segments]);
  const matches = useMemo(() => findMatches(searchable, searched), [searchable, searched]);
  const marks = useMemo(() => marksByLine(matches), [matches]);
  const current = matches.length === 0 ? -1 : Math.min(place, matches.length - 1);

  const setQuery = useCallback((text: string) => {
    setQueryText(text);
    setPlace(0);
  }, []);
  const step = (by: number): number | null => {
    if (current < 0) return null;
    const next = (current + by + matches.length) % matches.length;
    setPlace(next);
    return matches[next]?.[0]?.line ?? null;
  };
  return {
    query,
    setQuery,
    total: searched.trim() === "" ? null : matches.length,
    current,
    currentLine: matches[current]?.[0]?.line ?? null,
    marks,
    step,
  };
}
