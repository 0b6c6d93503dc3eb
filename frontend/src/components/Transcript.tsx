import { useCallback, useEffect, useId, useRef, useState } from "react";
import type { Segment } from "../api/types";
import type { Captions } from "../hooks/useCaptions";
import { useCopy } from "../hooks/useCopy";
import { useTranscriptSearch } from "../hooks/useTranscriptSearch";
import { useFormat, useText } from "../i18n";
import { type Playback, useCurrentIndex } from "../lib/playback";
import { type CopiedVideo, lineText, transcriptText } from "../lib/transcriptText";
import { Button } from "./Button";
import { CopyByHand } from "./CopyByHand";
import { ErrorNotice } from "./ErrorNotice";
import { Spinner } from "./Spinner";
import styles from "./Transcript.module.css";
import { ALL_IN_PAGE, type LinesHandle, TranscriptLines } from "./TranscriptLines";
import { TranscriptSearch } from "./TranscriptSearch";

interface TranscriptProps {
  captions: Captions;
  video: CopiedVideo;
  /** Said where there are no lines. */
  missing: string;
  playback: Playback;
  onJump: (seconds: number) => void;
}

/** A video's captions: what is said now is followed, any line can be gone to, searched for and copied. */
export function Transcript({ captions, missing, ...rest }: TranscriptProps) {
  const text = useText();
  const titleId = useId();
  const { segments, isPending, error, retry } = captions;
  return (
    <section className={styles.transcript} aria-labelledby={titleId}>
      <h2 id={titleId} className={styles.title}>
        {text("transcript.title")}
      </h2>
      {isPending && <Spinner label={text("transcript.loading")} />}
      {!isPending && !error && segments.length === 0 && <p className={styles.note}>{missing}</p>}
      {segments.length > 0 && <Lines captions={captions} {...rest} />}
      {error && (
        <>
          {segments.length > 0 && <p className={styles.note}>{text("transcript.stopped")}</p>}
          <ErrorNotice error={error} onRetry={retry} />
        </>
      )}
    </section>
  );
}

function Lines({ captions, video, playback, onJump }: Omit<TranscriptProps, "missing">) {
  const { segments, language, isWhole, error } = captions;
  const text = useText();
  const format = useFormat();
  const { copy, byHand, close } = useCopy();
  const search = useTranscriptSearch(segments);
  const current = useCurrentIndex(playback, segments);
  const [isFollowing, setFollowing] = useState(true);
  const lines = useRef<LinesHandle>(null);

  const stopFollowing = useCallback(() => setFollowing(false), []);
  const show = useCallback((line: number) => {
    setFollowing(false);
    lines.current?.show(line);
  }, []);
  const { currentLine } = search;
  useEffect(() => {
    if (currentLine !== null) show(currentLine);
  }, [currentLine, show]);
  const jump = useCallback(
    (seconds: number) => {
      setFollowing(true);
      onJump(seconds);
    },
    [onJump],
  );
  const copyLine = useCallback(
    (segment: Segment) =>
      void copy(lineText(segment, video.youtubeId, format.duration), text("transcript.copied.line")),
    [copy, video.youtubeId, format, text],
  );
  const copyAll = () => copy(transcriptText(segments, video, format.duration), text("transcript.copied.all"));
  return (
    <>
      <div className={styles.tools}>
        <TranscriptSearch search={search} onShow={show} takesBrowserSearch={segments.length > ALL_IN_PAGE} />
      </div>
      <div className={styles.frame}>
        <TranscriptLines
          segments={segments}
          language={language}
          current={current}
          isFollowing={isFollowing}
          onReaderMoves={stopFollowing}
          search={search}
          onJump={jump}
          onCopy={copyLine}
          handle={lines}
        />
        {!isFollowing && current >= 0 && (
          <Button kind="primary" className={styles.follow} onClick={() => setFollowing(true)}>
            {text("transcript.follow")}
          </Button>
        )}
      </div>
      <div className={styles.tools}>
        <p className={styles.progress} role="status">
          {!isWhole && !error && text("transcript.more", { n: segments.length })}
        </p>
        <Button kind="quiet" disabled={!isWhole} onClick={() => void copyAll()}>
          {text("transcript.copy.all")}
        </Button>
      </div>
      {byHand !== null && <CopyByHand text={byHand} onClose={close} />}
    </>
  );
}
