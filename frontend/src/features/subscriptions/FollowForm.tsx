import { type FormEvent, useId, useRef, useState } from "react";
import { Problem } from "../../api/problem";
import type { ChannelTab, VideoList } from "../../api/types";
import { useAddSubscription } from "../../data/queries";
import { kindOf, tabOf } from "../../data/youtube";
import { useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { ErrorNotice } from "../../ui/ErrorNotice";
import { FilterFields, isFilterRefusal, NO_FILTER } from "../../ui/FilterFields";
import { TabChoice } from "../../ui/TabChoice";
import { toast } from "../../ui/toasts";
import { ListChoice } from "../lists/ListChoice";
import styles from "./FollowForm.module.css";
import { IntervalChoice } from "./IntervalChoice";
import { USUAL_INTERVAL } from "./intervals";

interface Props {
  /** At least one; the first one is proposed. */
  lists: readonly VideoList[];
}

export function FollowForm({ lists }: Props) {
  const text = useText();
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [source, setSource] = useState("");
  const [chosenId, setChosenId] = useState<string | null>(null);
  const [interval, setInterval] = useState(USUAL_INTERVAL);
  const [tab, setTab] = useState<ChannelTab | null>(null);
  const [filter, setFilter] = useState(NO_FILTER);
  const [isFiltering, setFiltering] = useState(false);
  const [withExisting, setWithExisting] = useState(false);
  const following = useAddSubscription();
  const list = lists.find((known) => known.id === chosenId) ?? lists[0];

  const isChannel = kindOf(source) === "channel";

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!source.trim() || !list) return field.current?.focus();
    const wanted = {
      list_id: list.id,
      source: source.trim(),
      tab: isChannel ? tab : null,
      filter,
      interval_seconds: interval,
      import_existing: withExisting,
    };
    following.mutate(wanted, {
      onError: (error) => setFiltering((before) => before || isFilterRefusal(error)),
      onSuccess: () => {
        setSource("");
        setTab(null);
        setFilter(NO_FILTER);
        toast({ text: text("follow.done") });
      },
    });
  };
  return (
    // The API says what is wrong with a field: the browser cannot show it while the filter is closed.
    <form className={styles.form} onSubmit={submit} aria-labelledby={`${id}-title`} noValidate>
      <h2 id={`${id}-title`}>{text("follow.form.title")}</h2>
      <div className={styles.fields}>
        <label className={styles.wide}>
          <span>{text("follow.source")}</span>
          <input
            ref={field}
            className={styles.input}
            value={source}
            placeholder="@handle"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            onChange={(event) => setSource(event.target.value)}
          />
        </label>
        {isChannel && (
          <div className={styles.field}>
            <label htmlFor={`${id}-tab`}>{text("adding.tab")}</label>
            <TabChoice id={`${id}-tab`} tab={tab ?? tabOf(source)} onChange={setTab} />
          </div>
        )}
        <div className={styles.field}>
          <label htmlFor={`${id}-list`}>{text("follow.list")}</label>
          <ListChoice id={`${id}-list`} lists={lists} listId={list?.id ?? ""} onChange={setChosenId} />
        </div>
        <div className={styles.field}>
          <label htmlFor={`${id}-interval`}>{text("follow.interval")}</label>
          <IntervalChoice id={`${id}-interval`} seconds={interval} onChange={setInterval} />
        </div>
      </div>
      <label className={styles.check}>
        <input type="checkbox" checked={withExisting} onChange={(event) => setWithExisting(event.target.checked)} />
        {text("follow.existing")}
      </label>
      <details
        className={styles.filter}
        open={isFiltering}
        onToggle={({ currentTarget }) => setFiltering(currentTarget.open)}
      >
        <summary>{text("adding.filter")}</summary>
        <FilterFields filter={filter} error={following.error} onChange={setFilter} />
      </details>
      <Button type="submit" kind="primary" className={styles.submit} isBusy={following.isPending}>
        {text("follow.submit")}
      </Button>
      {following.error && <Refusal error={following.error} />}
    </form>
  );
}

function Refusal({ error }: { error: Error }) {
  const text = useText();
  if (isFilterRefusal(error)) return null;
  const isKnown = error instanceof Problem && error.code === "already_subscribed";
  return isKnown ? <p role="alert">{text("follow.already")}</p> : <ErrorNotice error={error} />;
}
