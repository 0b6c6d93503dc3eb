import { useId } from "react";
import type { Chapter } from "../../api/types";
import { useFormat, useText } from "../../i18n";
import styles from "./Chapters.module.css";
import { type Playback, useCurrentIndex } from "./playback";

interface ChaptersProps {
  chapters: readonly Chapter[];
  playback: Playback;
  onJump: (seconds: number) => void;
}

/** A video's chapters; each plays the video from there. */
export function Chapters({ chapters, playback, onJump }: ChaptersProps) {
  const text = useText();
  const format = useFormat();
  const titleId = useId();
  const current = useCurrentIndex(playback, chapters);
  return (
    <section className={styles.chapters} aria-labelledby={titleId}>
      <h2 id={titleId} className={styles.title}>
        {text("chapters.title")}
      </h2>
      {chapters.length === 0 ? (
        <p className={styles.none}>{text("chapters.none")}</p>
      ) : (
        <ol className={styles.list}>
          {chapters.map((chapter, index) => (
            <li key={chapter.start_seconds}>
              <button
                type="button"
                className={styles.chapter}
                aria-current={index === current ? "true" : undefined}
                onClick={() => onJump(chapter.start_seconds)}
              >
                <span className={styles.time}>{format.duration(chapter.start_seconds)}</span>
                <span className={styles.name}>{chapter.title}</span>
              </button>
            </li>
          ))}
        </ol>
      )}
    </section>
  );
}
