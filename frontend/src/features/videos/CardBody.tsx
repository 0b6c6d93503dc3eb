import { type ReactNode, useRef } from "react";
import type { Video } from "../../api/types";
import { useFormat, useText } from "../../i18n";
import { isPendingId } from "../../state/pendingVideos";
import { copyText } from "../../ui/clipboard";
import { TrashIcon } from "../../ui/icons";
import { toast } from "../../ui/toasts";
import { useFocusFallback } from "../../ui/useFocusFallback";
import styles from "./CardBody.module.css";
import { NoCaptionsIcon, RetryIcon } from "./CardIcons";
import { CardMenu, type MenuEntry } from "./CardMenu";
import { type CardImport, SHARED_REASONS } from "./cardState";

interface CardBodyProps {
  video: Video;
  shown: CardImport;
  title: string;
  status: string | null;
  heading: ReactNode;
  tabIndex: number;
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
          <>
            {video.channel && (
              <p className={styles.fact}>
                <span className={styles.factText}>{video.channel}</span>
              </p>
            )}
            <p className={styles.status} title={status}>
              {status}
            </p>
          </>
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

function ErrorActions({ video, title, tabIndex, onRetry, onRemove }: CardBodyProps) {
  const text = useText();
  const actions = useRef<HTMLDivElement>(null);
  useFocusFallback(actions, linkOfCard);
  const retry = { label: text("cards.retryOf", { title }), words: text("common.retry"), icon: <RetryIcon /> };
  const remove = { label: text("cards.removeOf", { title }), words: text("cards.remove"), icon: <TrashIcon /> };
  return (
    <div ref={actions} className={styles.actions}>
      <Action {...retry} tabIndex={tabIndex} onClick={() => onRetry(video)} />
      <Action {...remove} tabIndex={tabIndex} onClick={() => onRemove(video)} />
    </div>
  );
}

interface ActionProps {
  label: string;
  /** Where there is room for them; elsewhere the icon stands alone. */
  words: string;
  icon: ReactNode;
  tabIndex: number;
  onClick: () => void;
}

function Action({ label, words, icon, tabIndex, onClick }: ActionProps) {
  return (
    <button
      type="button"
      className={styles.action}
      aria-label={label}
      title={label}
      tabIndex={tabIndex}
      onClick={onClick}
    >
      {icon}
      <span className={styles.actionText}>{words}</span>
    </button>
  );
}

function Menu({ video, shown, title, tabIndex, onRetry, onRemove }: CardBodyProps) {
  const text = useText();
  const menu = useRef<HTMLDivElement>(null);
  useFocusFallback(menu, linkOfCard);
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
    <div ref={menu} className={styles.menu}>
      <CardMenu label={text("cards.menu", { title })} entries={entries} tabIndex={tabIndex} />
    </div>
  );
}

/** Buttons come and go with the state of their card; the link stays. */
function linkOfCard(within: HTMLElement): HTMLElement | null | undefined {
  return within.closest("article")?.querySelector<HTMLElement>("[data-card-link]");
}

/** What waits for everybody's pause cannot go before it ends. */
function canHurry({ state, reason }: CardImport): boolean {
  if (state === "waiting") return reason !== null && !SHARED_REASONS.has(reason);
  return state === "upcoming" || state === "live";
}
