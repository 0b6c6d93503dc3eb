import { useId } from "react";
import type { VideoDetails } from "../../api/types";
import { type Text, type TextKey, useFormat, useText } from "../../i18n";
import { useLanguage } from "../../state/preferences";
import { usDollars } from "../../ui/usDollars";
import type { CardImport } from "../videos/cardState";
import styles from "./ImportTimeline.module.css";
import { type ImportStep, importSteps } from "./importSteps";

export type TimelineVideo = Pick<
  VideoDetails,
  "created_at" | "captions_source" | "transcribed_seconds" | "estimated_usd"
> &
  Partial<Pick<VideoDetails, "stage_times">>;

interface ImportTimelineProps {
  video: TimelineVideo;
  shown: CardImport;
  /** What the import does or waits for right now, in words. */
  status: string | null;
  /** Undefined: not known (yet). */
  chapterCount: number | undefined;
}

/** The steps of an import. A step that was done before the video was added has no time. */
export function ImportTimeline({ video, shown, status, chapterCount }: ImportTimelineProps) {
  const text = useText();
  const format = useFormat();
  const titleId = useId();
  return (
    <section className={styles.timeline} aria-labelledby={titleId}>
      <h2 id={titleId} className={styles.title}>
        {text("timeline.title")}
      </h2>
      <ol className={styles.steps}>
        {importSteps(shown).map((step) => {
          const at = timeOf(step, video);
          const note = noteOf(step, shown, status, text);
          return (
            <li key={step.name} className={styles.step} data-state={step.state}>
              <span className={styles.name}>
                {text(labelOf(step, video, chapterCount), { n: chapterCount ?? 0 })}
                <span className="visually-hidden">, {text(`timeline.state.${step.state}`)}</span>
              </span>
              {at && (
                <time className={styles.time} dateTime={at}>
                  {format.time(at)}
                </time>
              )}
              {note && <p className={styles.note}>{note}</p>}
            </li>
          );
        })}
      </ol>
      <Speech video={video} />
    </section>
  );
}

function Speech({ video: { transcribed_seconds: seconds, estimated_usd: usd } }: { video: TimelineVideo }) {
  const text = useText();
  const format = useFormat();
  const language = useLanguage();
  if (seconds == null || usd == null) return null;
  const cost = usDollars(usd, language, 4);
  return <p className={styles.speech}>{text("timeline.transcription", { span: format.span(seconds), cost })}</p>;
}

function labelOf({ name, state }: ImportStep, video: TimelineVideo, chapterCount: number | undefined): TextKey {
  if (name === "created") return "timeline.created";
  if (state !== "done") return `timeline.${name}.open`;
  if (name === "captions" && video.captions_source) return `timeline.captions.${video.captions_source}`;
  if (name === "chapters" && chapterCount !== undefined) {
    return chapterCount > 0 ? "timeline.chapters.found" : "timeline.chapters.none";
  }
  return `timeline.${name}.done`;
}

function timeOf({ name, state }: ImportStep, video: TimelineVideo): string | undefined {
  if (name === "created") return video.created_at;
  if (state === "failed") return video.stage_times?.error;
  return state === "done" ? video.stage_times?.[name] : undefined;
}

function noteOf({ state }: ImportStep, shown: CardImport, status: string | null, text: Text): string | null {
  if (state === "failed") {
    return shown.message ? text("timeline.failed", { reason: shown.message }) : text("timeline.failed.noReason");
  }
  return state === "current" || state === "waiting" ? status : null;
}
