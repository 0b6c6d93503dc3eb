import { memo, useId } from "react";
import type { Video } from "../../api/types";
import { useFormat, useText } from "../../i18n";
import { usePauses, useVideoProgress } from "../../state/progress";
import { isUnderWay } from "../../state/progressRules";
import { useNow } from "../../ui/useNow";
import { CardBody } from "./CardBody";
import { WarningIcon } from "./CardIcons";
import { CardLink } from "./CardLink";
import { type CardImport, cardImportOf } from "./cardState";
import { badgeText, cardTitle, statusText } from "./cardTexts";
import { ProgressOverlay } from "./ProgressOverlay";
import { Thumbnail } from "./Thumbnail";
import styles from "./VideoCard.module.css";

export interface VideoCardProps {
  video: Video;
  /** Off: the card shows what was loaded, and no running import. */
  showProgress?: boolean;
  /** -1: the Tab key passes by all that is in it. */
  tabIndex?: 0 | -1;
  /** Both have to stay the same function, or every card renders with its grid. */
  onRetry: (video: Video) => void;
  onRemove: (video: Video) => void;
}

/** One video of a list, and how far its import is. It renders for its own progress only. */
export const VideoCard = memo(function VideoCard(props: VideoCardProps) {
  const { video, showProgress = true, tabIndex = 0, onRetry, onRemove } = props;
  const text = useText();
  const format = useFormat();
  const titleId = useId();
  const shown = useCardImport(video, showProgress);
  const now = useNow(shown.until);
  const title = cardTitle(video);
  const status = statusText(shown, text, format, now);
  const badge = badgeText(shown, text, format, now);
  const isRinging = shown.state === "importing" || shown.state === "waiting";
  return (
    <article className={styles.card} data-state={shown.state} data-video-id={video.id} aria-labelledby={titleId}>
      <div className={styles.media}>
        <div className={styles.picture}>
          <Thumbnail url={video.thumbnail_url} />
        </div>
        {video.duration_seconds != null && !isRinging && (
          <span className={styles.duration}>{format.duration(video.duration_seconds)}</span>
        )}
        {badge && <span className={styles.badge}>{badge}</span>}
        {shown.state === "error" && (
          <span className={styles.warning} title={text("cards.error")}>
            <WarningIcon />
          </span>
        )}
        {isRinging && (
          <ProgressOverlay
            progress={shown.progress}
            title={title}
            status={status ?? ""}
            isWaiting={shown.state === "waiting"}
          />
        )}
      </div>
      <CardBody
        video={video}
        shown={shown}
        title={title}
        status={status}
        tabIndex={tabIndex}
        heading={
          <h2 className={styles.title} id={titleId} title={title}>
            <CardLink to={canOpen(shown) ? `/videos/${video.id}` : null} tabIndex={tabIndex}>
              {title}
            </CardLink>
          </h2>
        }
        onRetry={onRetry}
        onRemove={onRemove}
      />
    </article>
  );
});

function useCardImport(video: Video, showProgress: boolean): CardImport {
  const progress = useVideoProgress(video.id, showProgress && isUnderWay(video));
  const pauses = usePauses();
  return cardImportOf(video, progress, pauses, showProgress);
}

/** A video can be opened once its import has ended, however it did. */
function canOpen({ state }: CardImport): boolean {
  return state === "complete" || state === "partial" || state === "error";
}
