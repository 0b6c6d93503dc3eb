import { useCallback, useEffect, useId, useRef, useState } from "react";
import type { Segment } from "../../api/types";
import { useFormat, useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { CopyFallback } from "../../ui/CopyFallback";
import { ErrorNotice } from "../../ui/ErrorNotice";
import { Spinner } from "../../ui/Spinner";
import { useCopy } from "../../ui/useCopy";
import { type Playback, useCurrentIndex } from "./playback";
import styles from "./Transcript.module.css";
import { ALL_IN_PAGE, type LinesHandle, TranscriptLines } from "./TranscriptLines";
import { TranscriptSearch } from "./TranscriptSearch";
import { type CopiedVideo, lineText, transcriptText } from "./transcriptText";
import type { Captions } from "./useCaptions";
import { useTranscriptSearch } from "./useTranscriptSearch";

interface TranscriptProps {
  captions: Captions;
  video: CopiedVideo;
  /** Said where there are no lines. */
  missing: string;
  playback: Playback;
  onJump: (seconds: number) => void;
}

/** A video's transcript: follows the playback; lines can be searched, copied and jumped to. */
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
  const { copy, uncopied, close } = useCopy();
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
      {uncopied !== null && <CopyFallback text={uncopied} onClose={close} />}
    </>
  );
}
