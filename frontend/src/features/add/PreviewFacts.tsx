import type { Preview } from "../../api/types";
import { type Text, useFormat, useText } from "../../i18n";
import { useLanguage } from "../../state/preferences";
import { usDollars } from "../../ui/usDollars";
import styles from "./PreviewFacts.module.css";

/** What an import would bring, in words. */
export function PreviewFacts({ preview }: { preview: Preview }) {
  const text = useText();
  const format = useFormat();
  const seconds = preview.estimated_seconds;
  const facts = [
    text(foundKey(preview), { n: preview.total }),
    preview.duplicates > 0 && text("adding.preview.duplicates", { n: preview.duplicates }),
    preview.unavailable > 0 && text("adding.preview.unavailable", { n: preview.unavailable }),
    preview.members_only > 0 && text("adding.preview.membersOnly", { n: preview.members_only }),
    preview.filtered > 0 && text("adding.preview.filtered", { n: preview.filtered }),
    preview.invalid > 0 && text("adding.preview.invalid", { n: preview.invalid }),
    preview.new > 0 && seconds !== null && text("adding.preview.seconds", { span: format.span(seconds) }),
  ].filter(Boolean);
  return (
    <div className={styles.facts} role="status">
      <p className={styles.summary}>{facts.join(", ")}</p>
      {preview.new === 0 && !preview.is_estimate && <p>{text("adding.preview.nothingNew")}</p>}
      {preview.is_estimate && <p>{text(preview.at_least ? "adding.preview.atLeast" : "adding.preview.estimate")}</p>}
      {preview.invalid > 0 && preview.new > 0 && <p>{text("adding.preview.invalid.note")}</p>}
      <Speech preview={preview} />
      {preview.warnings.map((warning) => (
        <p key={warning.code} className={styles.warning}>
          {warning.message}
        </p>
      ))}
    </div>
  );
}

function Speech({ preview: { speech_to_text: speech } }: { preview: Preview }) {
  const text = useText();
  const format = useFormat();
  const language = useLanguage();
  if (!speech || speech.videos === 0) return null;
  if (!speech.enabled) return <p>{text("adding.preview.transcription.off", { n: speech.videos })}</p>;
  const span = format.span(speech.audio_seconds);
  const cost = costOf(speech.estimated_usd, language, text);
  return <p>{text("adding.preview.transcription", { n: speech.videos, span, cost })}</p>;
}

function costOf(usd: number, language: string, text: Text): string {
  const least = 0.01;
  return usd < least
    ? text("adding.preview.cheap", { cost: usDollars(least, language) })
    : text("adding.preview.cost", { cost: usDollars(usd, language) });
}

function foundKey({ kind, at_least }: Preview) {
  if (at_least) return "adding.preview.found.atLeast";
  return kind === "file" || kind === "urls" ? "adding.preview.found.rows" : "adding.preview.found";
}
