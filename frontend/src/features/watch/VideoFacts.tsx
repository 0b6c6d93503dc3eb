import type { VideoDetails } from "../../api/types";
import { useFormat, useText } from "../../i18n";
import styles from "./VideoFacts.module.css";

/** What a video is called, whose it is and from when. */
export function VideoFacts({ video, title }: { video: VideoDetails; title: string }) {
  const text = useText();
  const format = useFormat();
  return (
    <header className={styles.facts}>
      <h1 className={styles.title}>{title}</h1>
      <p className={styles.line}>
        {video.channel && <span className={styles.channel}>{video.channel}</span>}
        {video.published_at && <span>{text("video.published", { date: format.date(video.published_at) })}</span>}
        {video.duration_seconds != null && <span>{format.duration(video.duration_seconds)}</span>}
        <a className={styles.youtube} href={video.url} target="_blank" rel="noreferrer">
          {text("video.youtube")}
        </a>
      </p>
    </header>
  );
}
