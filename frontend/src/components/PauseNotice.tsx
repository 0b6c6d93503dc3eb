import type { PauseReason } from "../api/types";
import { useNowUntil } from "../hooks/useNowUntil";
import { type TextKey, useFormat, useText } from "../i18n";
import type { UpstreamPaused } from "../lib/messages";
import { usePause } from "../stores/progress";
import styles from "./PauseNotice.module.css";

/** Where the end of a pause is known, it belongs into the sentence; elsewhere the server's own words say it all. */
const WITH_TIME: Partial<Record<PauseReason, TextKey>> = {
  rate_limited: "live.pause.youtube.until",
  bot_check: "live.pause.youtube.until",
  hourly_requests: "live.pause.hourly.until",
  transcription_limited: "live.pause.speech.until",
  transcription_allowance: "live.pause.allowance.until",
};

/** Says that imports wait, for whom, and until when. */
export function PauseNotice() {
  const text = useText();
  const youtube = usePause("youtube");
  const transcription = usePause("transcription");
  const pauses = [youtube, transcription].filter((pause) => pause !== undefined);
  return (
    <div className={styles.place} role="status" aria-label={text("live.pause.label")}>
      {pauses.map((pause) => (
        <Notice key={pause.upstream} pause={pause} />
      ))}
    </div>
  );
}

function Notice({ pause: { reason, resume_at: resumeAt, message } }: { pause: UpstreamPaused }) {
  const text = useText();
  const { until, at } = useFormat();
  const now = useNowUntil(resumeAt);
  const key = WITH_TIME[reason];
  const isAhead = resumeAt !== null && Date.parse(resumeAt) > now;
  return (
    <p className={styles.notice}>
      <span className={styles.dot} aria-hidden="true" />
      {key && isAhead ? text(key, { until: until(resumeAt), at: at(resumeAt) }) : message}
    </p>
  );
}
