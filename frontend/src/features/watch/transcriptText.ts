/** Captions as text to take along. */
import type { Segment } from "../../api/types";

/** A position as players show it: `useFormat().duration`. */
type Position = (seconds: number) => string;

export interface CopiedVideo {
  youtubeId: string;
  title: string;
}

/** The video on YouTube, from this second on. */
export function linkAt(youtubeId: string, seconds: number): string {
  return `https://www.youtube.com/watch?v=${youtubeId}&t=${Math.max(0, Math.floor(seconds))}s`;
}

export function lineText(segment: Segment, youtubeId: string, position: Position): string {
  return `${timed(segment, position)}\n${linkAt(youtubeId, segment.start_seconds)}`;
}

export function transcriptText(segments: readonly Segment[], video: CopiedVideo, position: Position): string {
  const lines = segments.map((segment) => timed(segment, position));
  return [video.title, `https://www.youtube.com/watch?v=${video.youtubeId}`, "", ...lines].join("\n");
}

function timed(segment: Segment, position: Position): string {
  return `${position(segment.start_seconds)} ${oneLine(segment.text)}`;
}

function oneLine(text: string): string {
  return text.replace(/\s+/gu, " ").trim();
}
