import type { PlayerControls } from "../hooks/usePlayer";
import { useText } from "../i18n";
import { embedAddress } from "../lib/player";
import { useLanguage } from "../stores/preferences";
import styles from "./Player.module.css";
import { Thumbnail } from "./Thumbnail";

interface PlayerProps {
  youtubeId: string;
  title: string;
  thumbnailUrl: string;
  player: PlayerControls;
}

/** The video's picture; once somebody wants to watch, YouTube's player in its place. */
export function Player({ youtubeId, title, thumbnailUrl, player }: PlayerProps) {
  const text = useText();
  const language = useLanguage();
  if (!player.isOpen) {
    return (
      <div>
        <button
          type="button"
          className={`${styles.stage} ${styles.poster}`}
          aria-label={text("player.play", { title })}
          onClick={player.open}
        >
          <Thumbnail url={thumbnailUrl} />
          <svg className={styles.play} viewBox="0 0 48 48" aria-hidden="true">
            <circle cx="24" cy="24" r="24" />
            <path d="M19 15l15 9-15 9z" />
          </svg>
        </button>
        <p className={styles.privacy}>{text("player.privacy")}</p>
      </div>
    );
  }
  const { startSeconds, attach } = player;
  return (
    <iframe
      ref={attach}
      className={styles.stage}
      title={text("player.title", { title })}
      src={embedAddress(youtubeId, { origin: window.location.origin, language, startSeconds })}
      allow="autoplay; encrypted-media; fullscreen; picture-in-picture"
      // YouTube plays nothing for a page that does not say where it is; it is told no more than that.
      referrerPolicy="strict-origin-when-cross-origin"
    />
  );
}
