/** Search in captions. Sentences run over several lines, so a phrase is found over line ends, too. */

/** The part of a match that is on one line, as positions in its text. */
export interface MatchPart {
  line: number;
  from: number;
  to: number;
}

/** At least one part; several where it runs over line ends. */
export type Match = readonly MatchPart[];

/** A part as its line shows it. */
export interface Mark {
  from: number;
  to: number;
  match: number;
}

export interface SearchableText {
  text: string;
  /** Where each line begins in `text`. */
  offsets: readonly number[];
}

export function searchableText(lines: readonly string[]): SearchableText {
  const offsets: number[] = [];
  let length = 0;
  for (const line of lines) {
    offsets.push(length);
    length += line.length + 1;
  }
  return { text: lines.join("\n"), offsets };
}

export function findMatches(searchable: SearchableText, query: string): Match[] {
  const words = query.trim().split(/\s+/u).filter(Boolean);
  if (words.length === 0) return [];
  const pattern = new RegExp(words.map(escaped).join("\\s+"), "giu");
  return Array.from(searchable.text.matchAll(pattern), (found) =>
    partsOf(searchable, found.index, found.index + found[0].length),
  );
}

/** What is to be marked on each line. */
export function marksByLine(matches: readonly Match[]): Map<number, Mark[]> {
  const marks = new Map<number, Mark[]>();
  matches.forEach((parts, match) => {
    for (const { line, from, to } of parts) {
      const others = marks.get(line);
      if (others) others.push({ from, to, match });
      else marks.set(line, [{ from, to, match }]);
    }
  });
  return marks;
}

function escaped(word: string): string {
  return word.replace(/[\\^$.*+?()[\]{}|/]/gu, "\\$&");
}

function partsOf({ text, offsets }: SearchableText, from: number, to: number): MatchPart[] {
  const parts: MatchPart[] = [];
  for (let line = lineAt(offsets, from); line < offsets.length; line += 1) {
    const begin = offsets[line] ?? 0;
    if (begin >= to) break;
    const end = (offsets[line + 1] ?? text.length + 1) - 1;
    const part = { line, from: Math.max(from, begin) - begin, to: Math.min(to, end) - begin };
    if (part.from < part.to) parts.push(part);
  }
  return parts;
}

function lineAt(offsets: readonly number[], position: number): number {
  let low = 0;
  let high = offsets.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((offsets[middle] ?? 0) <= position) low = middle + 1;
    else high = middle;
  }
  return Math.max(low - 1, 0);
}
