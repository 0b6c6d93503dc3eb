import type { PauseReason } from "../../api/types";
import { type TextKey, useFormat, useText } from "../../i18n";
import type { UpstreamPaused } from "../../state/messages";
import { usePause } from "../../state/progress";
import { useNow } from "../../ui/useNow";
import styles from "./PauseNotice.module.css";

/** Texts with the end of the pause. Where that is unknown, the server's message is shown. */
const WITH_TIME: Partial<Record<PauseReason, TextKey>> = {
  rate_limited: "live.pause.youtube.until",
  bot_check: "live.pause.youtube.until",
  extractor_outdated: "live.pause.outdated.until",
  hourly_requests: "live.pause.hourly.until",
  transcription_limited: "live.pause.transcription.until",
  transcription_allowance: "live.pause.allowance.until",
};

/** Says which imports wait, and until when. */
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
  const { at } = useFormat();
  const now = useNow(resumeAt);
  const key = WITH_TIME[reason];
  const isAhead = resumeAt !== null && Date.parse(resumeAt) > now;
  return (
    <p className={styles.notice}>
      <span className={styles.dot} aria-hidden="true" />
      {key && isAhead ? text(key, { at: at(resumeAt) }) : message}
    </p>
  );
}
