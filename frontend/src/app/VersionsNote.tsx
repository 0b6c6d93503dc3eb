import type { Extractor } from "../api/types";
import { useVersions } from "../data/queries";
import { useFormat, useText } from "../i18n";
import styles from "./VersionsNote.module.css";

/** Which versions of Vidferry and yt-dlp run; nothing while that is unknown. */
export function VersionsNote() {
  const text = useText();
  const { data: versions } = useVersions();
  if (!versions) return null;
  return (
    <footer className={styles.note}>
      <p>{text("versions.vidferry", { version: versions.vidferry })}</p>
      {versions.extractor && <ExtractorNote extractor={versions.extractor} />}
    </footer>
  );
}

function ExtractorNote({ extractor: { version, origin, since } }: { extractor: Extractor }) {
  const text = useText();
  const { date } = useFormat();
  const key = origin ? (`versions.extractor.${origin}` as const) : "versions.extractor";
  return <p>{text(key, { version, date: date(since) })}</p>;
}
