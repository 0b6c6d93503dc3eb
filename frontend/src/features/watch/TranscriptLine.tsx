import { memo, type ReactNode } from "react";
import type { Segment } from "../../api/types";
import { useFormat, useText } from "../../i18n";
import styles from "./TranscriptLine.module.css";
import type { Mark } from "./transcriptSearch";

interface TranscriptLineProps {
  segment: Segment;
  /** Of its text, as the browser knows it. */
  lang: string | undefined;
  id: string;
  isCurrent: boolean;
  /** Whether the Tab key stops here: on one line of all. */
  isStop: boolean;
  marks: readonly Mark[] | undefined;
  /** The place that the search shows; -1: none of this line. */
  shownMatch: number;
  onJump: (seconds: number) => void;
  onCopy: (segment: Segment) => void;
}

export const TranscriptLine = memo(function TranscriptLine(props: TranscriptLineProps) {
  const { segment, lang, id, isCurrent, isStop, marks, shownMatch, onJump, onCopy } = props;
  const text = useText();
  const time = useFormat().duration(segment.start_seconds);
  const tabIndex = isStop ? 0 : -1;
  return (
    <div className={styles.line} data-current={isCurrent || undefined}>
      <button
        type="button"
        id={`${id}-time`}
        className={styles.time}
        tabIndex={tabIndex}
        data-jump
        aria-labelledby={`${id}-time ${id}-text`}
        aria-current={isCurrent ? "true" : undefined}
        onClick={() => onJump(segment.start_seconds)}
      >
        {time}
      </button>
      <p id={`${id}-text`} lang={lang} className={styles.text}>
        {marked(segment.text, marks, shownMatch)}
      </p>
      <button
        type="button"
        className={styles.copy}
        tabIndex={tabIndex}
        aria-label={text("transcript.copy.line", { time })}
        title={text("transcript.copy.line", { time })}
        onClick={() => onCopy(segment)}
      >
        <svg viewBox="0 0 24 24" aria-hidden="true">
          <path d="M9 9h10v11H9zM5 15V4h10" />
        </svg>
      </button>
    </div>
  );
});

function marked(line: string, marks: readonly Mark[] | undefined, shownMatch: number): ReactNode {
  if (!marks) return line;
  const parts: ReactNode[] = [];
  let end = 0;
  for (const { from, to, match } of marks) {
    parts.push(line.slice(end, from));
    parts.push(
      <mark key={from} className={styles.mark} data-shown={match === shownMatch || undefined}>
        {line.slice(from, to)}
      </mark>,
    );
    end = to;
  }
  parts.push(line.slice(end));
  return parts;
}
