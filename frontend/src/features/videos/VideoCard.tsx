import { memo, useId } from "react";
import type { Video } from "../../api/types";
import { useFormat, useText } from "../../i18n";
import { isPendingId } from "../../state/pendingVideos";
import { usePauses, useVideoProgress } from "../../state/progress";
import { isUnderWay } from "../../state/progressRules";
import { useNow } from "../../ui/useNow";
import { CardBody } from "./CardBody";
import { WarningIcon } from "./CardIcons";
import { CardLink } from "./CardLink";
import { type CardImport, type CardProgress, cardImportOf } from "./cardState";
import { badgeText, cardTitle, statusText } from "./cardTexts";
import { ProgressOverlay } from "./ProgressOverlay";
import { Thumbnail } from "./Thumbnail";
import styles from "./VideoCard.module.css";

export interface VideoCardProps {
  video: Video;
  /** How far its import is; without it, what came live is shown. */
  importProgress?: CardProgress | null;
  /** Off: no overlay shows a running import. */
  showProgress?: boolean;
  /** -1: the Tab key passes by all that is in it. */
  tabIndex?: 0 | -1;
  /** Both have to stay the same function, or every card renders with its grid. */
  onRetry: (video: Video) => void;
  onRemove: (video: Video) => void;
}

/** One video of a list, and how far its import is. It renders for its own progress only. */
export const VideoCard = memo(function VideoCard(props: VideoCardProps) {
  const { video, importProgress, showProgress = true, tabIndex = 0, onRetry, onRemove } = props;
  const text = useText();
  const format = useFormat();
  const titleId = useId();
  const shown = useCardImport(video, importProgress);
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
        {isRinging && showProgress && (
          <ProgressOverlay
            progress={shown.progress}
            stage={video.import_stage ?? "created"}
            title={title}
            {...(status && { status })}
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
            <CardLink to={isPendingId(video.id) ? null : `/videos/${video.id}`} tabIndex={tabIndex}>
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

function useCardImport(video: Video, given: CardProgress | null | undefined): CardImport {
  const live = useVideoProgress(video.id, given === undefined && isUnderWay(video));
  const pauses = usePauses();
  return cardImportOf(video, given === undefined ? live : given, pauses);
}
