import { Link } from "wouter";
import type { VideoList } from "../api/types";
import { useSubscriptions } from "../data/queries";
import { useOrderedLists } from "../features/lists/useOrderedLists";
import { FollowForm } from "../features/subscriptions/FollowForm";
import { SubscriptionRow } from "../features/subscriptions/SubscriptionRow";
import { useText } from "../i18n";
import { EmptyState } from "../ui/EmptyState";
import { ErrorNotice } from "../ui/ErrorNotice";
import { Spinner } from "../ui/Spinner";
import { useTitle } from "../ui/useTitle";
import styles from "./SubscriptionsPage.module.css";

/** Playlists and channels whose new videos are added automatically. */
export function SubscriptionsPage() {
  const text = useText();
  useTitle(text("follow.title"));
  const { lists, error, isPending, refetch } = useOrderedLists();
  return (
    <div className={styles.page}>
      <header>
        <h1>{text("follow.title")}</h1>
        <p className={styles.intro}>{text("follow.intro")}</p>
      </header>
      {isPending && <Spinner />}
      {!isPending && !lists && <ErrorNotice error={error} onRetry={refetch} />}
      {lists?.length === 0 && (
        <EmptyState title={text("follow.needsList")}>
          <Link href="/">{text("notFound.home")}</Link>
        </EmptyState>
      )}
      {lists && lists.length > 0 && <FollowForm lists={lists} />}
      {lists && lists.length > 0 && <Followed lists={lists} />}
    </div>
  );
}

function Followed({ lists }: { lists: readonly VideoList[] }) {
  const text = useText();
  const { data: subscriptions, error, isPending, refetch } = useSubscriptions();
  if (isPending) return <Spinner />;
  if (!subscriptions) return <ErrorNotice error={error} onRetry={refetch} />;
  if (subscriptions.length === 0) {
    return <EmptyState title={text("follow.empty.title")} text={text("follow.empty.text")} />;
  }
  return (
    <ul className={styles.rows}>
      {subscriptions.map((subscription) => (
        <SubscriptionRow
          key={subscription.id}
          subscription={subscription}
          list={lists.find(({ id }) => id === subscription.list_id)}
        />
      ))}
    </ul>
  );
}
