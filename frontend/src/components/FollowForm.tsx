import { type FormEvent, useId, useRef, useState } from "react";
import { Problem } from "../api/client";
import { useAddSubscription } from "../api/queries";
import type { VideoList } from "../api/types";
import { useText } from "../i18n";
import { USUAL_INTERVAL } from "../lib/intervals";
import { toast } from "../stores/toasts";
import { Button } from "./Button";
import { ErrorNotice } from "./ErrorNotice";
import styles from "./FollowForm.module.css";
import { IntervalChoice } from "./IntervalChoice";
import { ListChoice } from "./ListChoice";

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
  const [withExisting, setWithExisting] = useState(false);
  const following = useAddSubscription();
  const list = lists.find((known) => known.id === chosenId) ?? lists[0];

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!source.trim() || !list) return field.current?.focus();
    const wanted = {
      list_id: list.id,
      source: source.trim(),
      interval_seconds: interval,
      import_existing: withExisting,
    };
    following.mutate(wanted, {
      onSuccess: () => {
        setSource("");
        toast({ text: text("follow.done") });
      },
    });
  };
  return (
    <form className={styles.form} onSubmit={submit} aria-labelledby={`${id}-title`}>
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
      <Button type="submit" kind="primary" className={styles.submit} isBusy={following.isPending}>
        {text("follow.submit")}
      </Button>
      {following.error && <Refusal error={following.error} />}
    </form>
  );
}

function Refusal({ error }: { error: Error }) {
  const text = useText();
  const isKnown = error instanceof Problem && error.code === "already_subscribed";
  return isKnown ? <p role="alert">{text("follow.already")}</p> : <ErrorNotice error={error} />;
}
