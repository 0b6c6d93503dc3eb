import type { CaptionsKind, VideoDetails } from "../api/types";
import { type Text, useText } from "../i18n";
import { languageName } from "../lib/languageName";
import { useLanguage } from "../stores/preferences";
import styles from "./CaptionsNote.module.css";

export type CaptionedVideo = Pick<VideoDetails, "captions_source" | "captions_language" | "captions_missing_message">;

interface CaptionsNoteProps {
  video: CaptionedVideo;
  /** Null: not known. */
  kind: CaptionsKind | null;
  /** Whether there are some, wherever they are from. */
  hasLines?: boolean;
}

/** Where the captions are from and in which language; without any, why. */
export function CaptionsNote({ video, kind, hasLines = false }: CaptionsNoteProps) {
  const text = useText();
  const language = useLanguage();
  const source = sourceText(video, kind, text) ?? text(hasLines ? "captions.earlier" : "captions.pending");
  const { captions_language: code } = video;
  return (
    <p className={styles.note}>
      <span className={styles.label}>{text("captions.label")}</span>{" "}
      {code ? text("captions.withLanguage", { source, language: languageName(code, language) }) : source}
    </p>
  );
}

/** Null while an import is looking for them, the first or another one. */
function sourceText(video: CaptionedVideo, kind: CaptionsKind | null, text: Text): string | null {
  switch (video.captions_source) {
    case "youtube":
      return text(`captions.${kind ?? "youtube"}`);
    case "whisper":
      return text("captions.whisper");
    case "none":
      return video.captions_missing_message
        ? text("captions.noneBecause", { reason: video.captions_missing_message })
        : text("captions.none");
    default:
      return null;
  }
}
