import { type FormEvent, useId, useState } from "react";
import { Link, useSearchParams } from "wouter";
import { useCreateList } from "../api/queries";
import type { VideoList } from "../api/types";
import { AddShared } from "../components/AddShared";
import { Button } from "../components/Button";
import { EmptyState } from "../components/EmptyState";
import { ErrorNotice } from "../components/ErrorNotice";
import { ListChoice } from "../components/ListChoice";
import { ListNameForm } from "../components/ListNameForm";
import { Spinner } from "../components/Spinner";
import { useOrderedLists } from "../hooks/useOrderedLists";
import { useTitle } from "../hooks/useTitle";
import { useText } from "../i18n";
import { sharedAddress } from "../lib/shared";
import styles from "./AddPage.module.css";

/** Where the bookmark and other apps bring an address: /add?url=&text=&title=&list= */
export function AddPage() {
  const text = useText();
  useTitle(text("adding.page.title"));
  const [query] = useSearchParams();
  const { lists, isPending, error, refetch } = useOrderedLists();
  const address = sharedAddress(query);
  if (!address) {
    return (
      <EmptyState level={1} title={text("adding.page.nothing")} text={text("adding.page.nothing.text")}>
        <Link href="/">{text("notFound.home")}</Link>
      </EmptyState>
    );
  }
  return (
    <div className={styles.page}>
      <h1>{text("adding.page.title")}</h1>
      <p className={styles.address}>{address}</p>
      {isPending && <Spinner />}
      {!isPending && !lists && <ErrorNotice error={error} onRetry={refetch} />}
      {lists?.length === 0 && <FirstList />}
      {lists && lists.length > 0 && (
        <Choice key={address} address={address} lists={lists} namedId={query.get("list")} />
      )}
    </div>
  );
}

/** Once there is a list, the address goes onto it. */
function FirstList() {
  const text = useText();
  const creation = useCreateList();
  return (
    <div className={styles.step}>
      <p>{text("adding.page.noLists")}</p>
      <ListNameForm
        initialName={text("start.default")}
        submitLabel={text("sidebar.create")}
        isBusy={creation.isPending}
        error={creation.error}
        onSubmit={(name) => creation.mutate(name)}
        takesFocus
      />
    </div>
  );
}

interface ChoiceProps {
  address: string;
  lists: readonly VideoList[];
  /** The list that the address of this page names. */
  namedId: string | null;
}

function Choice({ address, lists, namedId }: ChoiceProps) {
  const text = useText();
  const id = useId();
  const named = lists.find((list) => list.id === namedId);
  const [chosenId, setChosenId] = useState(named?.id ?? lists[0]?.id ?? "");
  // Where nothing is left to choose, nobody is asked.
  const [isChosen, setChosen] = useState(named !== undefined || lists.length === 1);
  const list = lists.find((known) => known.id === chosenId) ?? lists[0];
  if (!list) return null;
  if (isChosen) return <AddShared address={address} list={list} />;
  const submit = (event: FormEvent) => {
    event.preventDefault();
    setChosen(true);
  };
  return (
    <form className={styles.step} onSubmit={submit}>
      <label htmlFor={id}>{text("adding.page.list.choose")}</label>
      <ListChoice id={id} lists={lists} listId={list.id} onChange={setChosenId} />
      <Button type="submit" kind="primary">
        {text("adding.add")}
      </Button>
    </form>
  );
}
