import { useText } from "../../i18n";
import { useLanguage } from "../../state/preferences";
import { Thumbnail } from "../videos/Thumbnail";
import styles from "./Player.module.css";
import { embedAddress } from "./player";
import type { PlayerControls } from "./usePlayer";

interface PlayerProps {
  youtubeId: string;
  title: string;
  thumbnailUrl: string;
  player: PlayerControls;
}

/** The video's thumbnail, replaced by YouTube's player when the reader presses play. */
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
      // YouTube plays nothing without a referrer; it gets the origin only.
      referrerPolicy="strict-origin-when-cross-origin"
    />
  );
}
