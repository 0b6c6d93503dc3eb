import { useState } from "react";
import { Link } from "wouter";
import type { Subscription, VideoList } from "../../api/types";
import { useChangeSubscription, usePauseSubscription, useRunSubscription } from "../../data/queries";
import { useFormat, useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { ErrorNotice } from "../../ui/ErrorNotice";
import { useFocusHandover } from "../../ui/useFocusHandover";
import { IntervalChoice } from "./IntervalChoice";
import styles from "./SubscriptionRow.module.css";
import { UnfollowDialog } from "./UnfollowDialog";

interface Props {
  subscription: Subscription;
  /** Undefined where it was deleted this moment. */
  list: VideoList | undefined;
}

/** One playlist or channel that is followed, and what can be done with it. */
export function SubscriptionRow({ subscription, list }: Props) {
  const text = useText();
  const row = useFocusHandover<HTMLLIElement>();
  const [isAsking, setAsking] = useState(false);
  const change = useChangeSubscription();
  const pause = usePauseSubscription();
  const run = useRunSubscription();
  const { id, paused, kind, tab, filter } = subscription;
  const title = titleOf(subscription);
  const error = change.error ?? pause.error ?? run.error;
  return (
    <li ref={row} className={styles.row}>
      <div className={styles.head}>
        <h2 className={styles.title}>
          <a href={subscription.source} target="_blank" rel="noopener noreferrer">
            {title}
          </a>
        </h2>
        {paused && <span className={styles.badge}>{text("follow.paused")}</span>}
      </div>
      <p className={styles.facts}>
        {text(`follow.kind.${kind}`)}
        {tab && tab !== "videos" && ` · ${text(`adding.tab.${tab}`)}`}
        {filter && ` · ${text("follow.filtered")}`}
        {list && (
          <>
            {" · "}
            {text("follow.goesTo")} <Link href={`/lists/${list.id}`}>{list.name}</Link>
          </>
        )}
      </p>
      <Looks subscription={subscription} />
      <div className={styles.actions}>
        <IntervalChoice
          label={text("follow.intervalOf", { title })}
          seconds={change.isPending ? change.variables.interval_seconds : subscription.interval_seconds}
          isBusy={change.isPending}
          onChange={(interval_seconds) => change.mutate({ id, interval_seconds })}
        />
        <Button
          aria-label={text("follow.runOf", { title })}
          isBusy={run.isPending || subscription.checking}
          onClick={() => run.mutate(id)}
        >
          {text("follow.run")}
        </Button>
        <Button
          aria-label={text(paused ? "follow.resumeOf" : "follow.pauseOf", { title })}
          isBusy={pause.isPending}
          onClick={() => pause.mutate({ id, paused: !paused })}
        >
          {text(paused ? "follow.resume" : "follow.pause")}
        </Button>
        <Button kind="quiet" aria-label={text("follow.deleteOf", { title })} onClick={() => setAsking(true)}>
          {text("follow.delete")}
        </Button>
      </div>
      {error && <ErrorNotice error={error} />}
      {isAsking && <UnfollowDialog id={id} title={title} onClose={() => setAsking(false)} />}
    </li>
  );
}

function Looks({ subscription }: { subscription: Subscription }) {
  const text = useText();
  const format = useFormat();
  const last = useLastLook(subscription);
  const next = subscription.paused ? null : subscription.next_check_at;
  return (
    <p className={styles.facts} aria-live="polite">
      {subscription.checking ? text("follow.checking") : last}
      {next && !subscription.checking && (
        <span className={styles.next}>{text("follow.next", { time: format.time(next) })}</span>
      )}
    </p>
  );
}

function useLastLook({ last_result: last }: Subscription): string {
  const text = useText();
  const format = useFormat();
  if (!last) return text("follow.last.never");
  const at = format.at(last.checked_at);
  if (last.error_code) {
    return text("follow.last.failed", { at, reason: last.error_message ?? text("follow.last.failed.unknown") });
  }
  const found = last.new > 0 ? text("follow.last.new", { at, n: last.new }) : text("follow.last.none", { at });
  return last.members_only > 0 ? `${found}, ${text("follow.last.membersOnly", { n: last.members_only })}` : found;
}

/** The subscription's title; until it is known, its address. */
function titleOf({ title, source }: Subscription): string {
  return title ?? source.replace(/^https:\/\/(www\.)?youtube\.com\//, "").replace(/\/(videos|shorts|streams)$/, "");
}
