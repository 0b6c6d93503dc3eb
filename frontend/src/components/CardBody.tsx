import type { ReactNode } from "react";
import type { Video } from "../api/types";
import { useFormat, useText } from "../i18n";
import { type CardImport, SHARED_REASONS } from "../lib/cardState";
import { copyText } from "../lib/clipboard";
import { isPendingId } from "../stores/pendingVideos";
import { toast } from "../stores/toasts";
import styles from "./CardBody.module.css";
import { NoCaptionsIcon, RetryIcon } from "./CardIcons";
import { CardMenu, type MenuEntry } from "./CardMenu";
import { TrashIcon } from "./icons";

interface CardBodyProps {
  video: Video;
  shown: CardImport;
  title: string;
  status: string | null;
  heading: ReactNode;
  onRetry: (video: Video) => void;
  onRemove: (video: Video) => void;
}

/** What stands below the picture, and what can be done with the video. */
export function CardBody(props: CardBodyProps) {
  const { video, shown, heading, status } = props;
  return (
    <>
      <div className={styles.body}>
        {heading}
        {shown.state === "error" ? (
          <ErrorText message={shown.message} />
        ) : status !== null ? (
          <p className={styles.status} title={status}>
            {status}
          </p>
        ) : (
          <Facts video={video} isPartial={shown.state === "partial"} />
        )}
      </div>
      {shown.state === "error" ? <ErrorActions {...props} /> : <Menu {...props} />}
    </>
  );
}

function Facts({ video, isPartial }: { video: Video; isPartial: boolean }) {
  const format = useFormat();
  return (
    <>
      <p className={styles.fact}>
        <span className={styles.factText}>{video.channel}</span>
      </p>
      <p className={styles.fact}>
        {isPartial && <NoCaptionsMark reason={video.captions_missing_message} />}
        {video.published_at && <span className={styles.factText}>{format.date(video.published_at)}</span>}
      </p>
    </>
  );
}

function NoCaptionsMark({ reason }: { reason: string | null | undefined }) {
  const label = useText()("cards.partial");
  return (
    <span className={styles.mark} role="img" aria-label={reason ?? label} title={reason ?? label}>
      <NoCaptionsIcon />
    </span>
  );
}

function ErrorText({ message }: { message: string | null }) {
  const text = useText();
  const words = message ?? text("cards.error.unknown");
  return (
    <p className={styles.error} title={words}>
      {words}
    </p>
  );
}

function ErrorActions({ video, title, onRetry, onRemove }: CardBodyProps) {
  const text = useText();
  return (
    <div className={styles.actions}>
      <button
        type="button"
        className={styles.action}
        aria-label={text("cards.retryOf", { title })}
        onClick={() => onRetry(video)}
      >
        <RetryIcon />
        <span className={styles.actionText}>{text("cards.retry")}</span>
      </button>
      <button
        type="button"
        className={styles.action}
        aria-label={text("cards.removeOf", { title })}
        onClick={() => onRemove(video)}
      >
        <TrashIcon />
        <span className={styles.actionText}>{text("cards.remove")}</span>
      </button>
    </div>
  );
}

function Menu({ video, shown, title, onRetry, onRemove }: CardBodyProps) {
  const text = useText();
  // A card that the server does not know yet has nothing to choose from.
  if (isPendingId(video.id)) return null;
  const copy = async () =>
    toast({ text: text((await copyText(video.url)) ? "cards.menu.copied" : "cards.menu.notCopied") });
  const entries: MenuEntry[] = [
    { label: text("cards.menu.youtube"), href: video.url },
    { label: text("cards.menu.copy"), onSelect: copy },
    ...(canHurry(shown) ? [{ label: text("cards.menu.tryNow"), onSelect: () => onRetry(video) }] : []),
    { label: text("cards.remove"), onSelect: () => onRemove(video) },
  ];
  return (
    <div className={styles.menu}>
      <CardMenu label={text("cards.menu", { title })} entries={entries} />
    </div>
  );
}

/** What waits for everybody's pause cannot go before it ends. */
function canHurry({ state, reason }: CardImport): boolean {
  if (state === "waiting") return reason !== null && !SHARED_REASONS.has(reason);
  return state === "upcoming" || state === "live";
}
