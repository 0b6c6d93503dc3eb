import type { CaptionsKind, VideoDetails } from "../../api/types";
import { type Text, useText } from "../../i18n";
import { useLanguage } from "../../state/preferences";
import styles from "./CaptionsNote.module.css";
import { languageName } from "./languageName";

export type CaptionedVideo = Pick<VideoDetails, "captions_source" | "captions_language" | "captions_missing_message">;

interface CaptionsNoteProps {
  video: CaptionedVideo;
  /** Null: not known. */
  kind: CaptionsKind | null;
}

/** Where the captions are from and in which language; without any, why. */
export function CaptionsNote({ video, kind }: CaptionsNoteProps) {
  const text = useText();
  const language = useLanguage();
  const source = sourceText(video, kind, text) ?? text("captions.pending");
  const { captions_language: code } = video;
  return (
    <p className={styles.note}>
      <span className={styles.label}>{text("captions.label")}</span>{" "}
      {code ? text("captions.withLanguage", { source, language: languageName(code, language) }) : source}
    </p>
  );
}

/** Null until an import has looked for them. */
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
