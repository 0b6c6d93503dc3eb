import { defaultRangeExtractor, type Range, useVirtualizer, type Virtualizer } from "@tanstack/react-virtual";
import {
  type FocusEvent,
  type KeyboardEvent,
  type MouseEvent,
  type Ref,
  useCallback,
  useEffect,
  useId,
  useImperativeHandle,
  useRef,
  useState,
} from "react";
import type { Segment } from "../../api/types";
import { useText } from "../../i18n";
import { languageTag } from "./languageTag";
import { TranscriptLine } from "./TranscriptLine";
import styles from "./TranscriptLines.module.css";
import type { TranscriptSearchState } from "./useTranscriptSearch";

/** Up to here every line is in the page, where the browser's own search finds it. */
export const ALL_IN_PAGE = 200;
const LINE_PX = 44;
const LINES_AROUND = 12;
/** The player's next line glides into its place; what is further away is jumped to. */
const GLIDE_PX = 600;

export interface LinesHandle {
  /** Brings a line into the middle of the box, and the box into the window. */
  show: (line: number) => void;
}

interface TranscriptLinesProps {
  segments: readonly Segment[];
  /** Null if unknown. */
  language: string | null;
  current: number;
  isFollowing: boolean;
  /** The reader looks somewhere else. */
  onReaderMoves: () => void;
  search: TranscriptSearchState;
  onJump: (seconds: number) => void;
  onCopy: (segment: Segment) => void;
  handle: Ref<LinesHandle>;
}

export function TranscriptLines(props: TranscriptLinesProps) {
  const { segments, language, current, isFollowing, onReaderMoves, search, onJump, onCopy, handle } = props;
  const text = useText();
  const id = useId();
  const lang = languageTag(language);
  const box = useRef<HTMLElement>(null);
  const stop = useTabStop(box, segments.length, current);
  const lines = useLines(box, segments.length, stop.line);

  const show = useCallback((line: number) => centre(lines, line), [lines]);
  const showInWindow = useCallback(
    (line: number) => {
      show(line);
      box.current?.scrollIntoView({ block: "nearest" });
    },
    [show],
  );
  useImperativeHandle(handle, () => ({ show: showInWindow }), [showInWindow]);
  useEffect(() => {
    if (isFollowing && current >= 0) show(current);
  }, [isFollowing, current, show]);

  const onKeyDown = (event: KeyboardEvent) => {
    if (!stop.move(event)) return;
    event.preventDefault();
    onReaderMoves();
  };
  // The line's time is the button; a click on its text does the same, unless it ends a selection of text.
  const onClick = (event: MouseEvent) => {
    const row = (event.target as Element).closest<HTMLElement>("[data-index]");
    const isText = row && !(event.target as Element).closest("button") && !document.getSelection()?.toString();
    const segment = isText ? segments[Number(row.dataset.index)] : undefined;
    if (segment) onJump(segment.start_seconds);
  };
  const onPointerDown = (event: MouseEvent) => {
    if (event.target === box.current) onReaderMoves(); // the scrollbar is the box itself
  };
  return (
    <section
      ref={box}
      className={styles.box}
      aria-label={text("transcript.lines")}
      onWheel={onReaderMoves}
      onTouchMove={onReaderMoves}
      onPointerDown={onPointerDown}
    >
      <ol
        className={styles.lines}
        style={{ height: lines.getTotalSize() }}
        onKeyDown={onKeyDown}
        onClick={onClick}
        onFocus={stop.onFocus}
        onBlur={stop.onBlur}
      >
        {lines.getVirtualItems().map(({ index, start }) => {
          const segment = segments[index];
          if (!segment) return null;
          return (
            <li
              key={index}
              ref={lines.measureElement}
              data-index={index}
              aria-setsize={segments.length}
              aria-posinset={index + 1}
              className={styles.row}
              style={{ transform: `translateY(${start}px)` }}
            >
              <TranscriptLine
                segment={segment}
                lang={lang}
                id={`${id}-${index}`}
                isCurrent={index === current}
                isStop={index === stop.line}
                marks={search.marks.get(index)}
                shownMatch={search.current}
                onJump={onJump}
                onCopy={onCopy}
              />
            </li>
          );
        })}
      </ol>
    </section>
  );
}

type Lines = Virtualizer<HTMLElement, Element>;

/** Only the lines around what is seen are in the page, and always the one that has the focus. */
function useLines(box: React.RefObject<HTMLElement | null>, count: number, stop: number): Lines {
  const rangeExtractor = useCallback(
    (range: Range) => {
      const seen = defaultRangeExtractor(range);
      return seen.includes(stop) || stop >= range.count ? seen : [...seen, stop].sort((a, b) => a - b);
    },
    [stop],
  );
  return useVirtualizer({
    count,
    getScrollElement: () => box.current,
    estimateSize: () => LINE_PX,
    overscan: count <= ALL_IN_PAGE ? count : LINES_AROUND,
    rangeExtractor,
  });
}

/** Scrolls the box, never the page. */
function centre(lines: Lines, line: number): void {
  const target = lines.getOffsetForIndex(line, "center")?.[0] ?? 0;
  const isNear = Math.abs(target - (lines.scrollOffset ?? 0)) < GLIDE_PX;
  const isCalm = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  lines.scrollToIndex(line, { align: "center", behavior: isNear && !isCalm ? "smooth" : "auto" });
}

/** The one line that the Tab key reaches: the one that has the focus, else the current one. Arrow keys move it. */
function useTabStop(box: React.RefObject<HTMLElement | null>, count: number, current: number) {
  const [focused, setFocused] = useState<number | null>(null);
  const [isMoved, setMoved] = useState(false);
  const line = Math.min(focused ?? Math.max(current, 0), Math.max(count - 1, 0));

  useEffect(() => {
    if (!isMoved) return;
    const button = box.current?.querySelector<HTMLElement>(`[data-index="${line}"] [data-jump]`);
    button?.focus({ preventScroll: true });
    button?.scrollIntoView({ block: "nearest" });
    setMoved(false);
  }, [isMoved, line, box]);

  const move = ({ key }: KeyboardEvent): boolean => {
    const to = { ArrowDown: line + 1, ArrowUp: line - 1, Home: 0, End: count - 1 }[key];
    if (to === undefined) return false;
    setFocused(Math.min(Math.max(to, 0), count - 1));
    setMoved(true);
    return true;
  };
  const onFocus = (event: FocusEvent) => {
    const row = event.target.closest<HTMLElement>("[data-index]");
    if (row) setFocused(Number(row.dataset.index));
  };
  const onBlur = (event: FocusEvent) => {
    if (!event.currentTarget.contains(event.relatedTarget)) setFocused(null);
  };
  return { line, move, onFocus, onBlur };
}
