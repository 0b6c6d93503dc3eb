import { type FormEvent, useId, useState } from "react";
import { Link, useSearchParams } from "wouter";
import type { VideoList } from "../api/types";
import { useCreateList } from "../data/queries";
import { AddFromShare } from "../features/add/AddFromShare";
import { ShareResult } from "../features/add/ShareResult";
import { outcomeIn, sharedAddress } from "../features/add/share";
import { ListChoice } from "../features/lists/ListChoice";
import { ListNameForm } from "../features/lists/ListNameForm";
import { useOrderedLists } from "../features/lists/useOrderedLists";
import { useText } from "../i18n";
import { Button } from "../ui/Button";
import { EmptyState } from "../ui/EmptyState";
import { ErrorNotice } from "../ui/ErrorNotice";
import { Spinner } from "../ui/Spinner";
import { useTitle } from "../ui/useTitle";
import styles from "./AddPage.module.css";

/** Where the bookmark and other apps bring an address: /add?url=&text=&title=&list= */
export function AddPage() {
  const text = useText();
  useTitle(text("adding.page.title"));
  const [query] = useSearchParams();
  const { lists, isPending, error, refetch } = useOrderedLists();
  const address = sharedAddress(query);
  const outcome = outcomeIn(query);
  const named = lists?.find((list) => list.id === query.get("list"));
  if (!address && !(outcome && (named || isPending))) return <Nothing />;
  return (
    <div className={styles.page}>
      <h1>{text("adding.page.title")}</h1>
      {address && <p className={styles.address}>{address}</p>}
      {isPending && <Spinner />}
      {!isPending && !lists && <ErrorNotice error={error} onRetry={refetch} />}
      {outcome && named && <ShareResult outcome={outcome} list={named} />}
      {address && lists && <Shared key={address} address={address} lists={lists} named={named} />}
    </div>
  );
}

function Nothing() {
  const text = useText();
  return (
    <EmptyState level={1} title={text("adding.page.nothing")} text={text("adding.page.nothing.text")}>
      <Link href="/">{text("notFound.home")}</Link>
    </EmptyState>
  );
}

interface SharedProps {
  address: string;
  lists: readonly VideoList[];
  /** The list that the address of this page names. */
  named: VideoList | undefined;
}

/** Asks where to, and whether at all: any page can link here, and any app can share into the installed one. */
function Shared({ address, lists, named }: SharedProps) {
  const [chosenId, setChosenId] = useState<string>();
  const [isAgreed, setAgreed] = useState(false);
  const list = lists.find((known) => known.id === chosenId) ?? named ?? lists[0];
  if (!list) return <FirstList onAgree={() => setAgreed(true)} />;
  if (isAgreed) return <AddFromShare address={address} list={list} />;
  return <Question lists={lists} list={list} onChange={setChosenId} onAgree={() => setAgreed(true)} />;
}

/** Creates a list, then adds the address to it. */
function FirstList({ onAgree }: { onAgree: () => void }) {
  const text = useText();
  const creation = useCreateList();
  return (
    <div className={styles.step}>
      <p>{text("adding.page.noLists")}</p>
      <ListNameForm
        initialName={text("start.default")}
        submitLabel={text("adding.page.create")}
        isBusy={creation.isPending}
        error={creation.error}
        onSubmit={(name) => {
          onAgree();
          creation.mutate(name);
        }}
        takesFocus
      />
    </div>
  );
}

interface QuestionProps {
  lists: readonly VideoList[];
  list: VideoList;
  onChange: (listId: string) => void;
  onAgree: () => void;
}

function Question({ lists, list, onChange, onAgree }: QuestionProps) {
  const text = useText();
  const id = useId();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    onAgree();
  };
  const isOnly = lists.length === 1;
  return (
    <form className={styles.step} onSubmit={submit}>
      {!isOnly && (
        <>
          <label htmlFor={id}>{text("adding.page.list.choose")}</label>
          <ListChoice id={id} lists={lists} listId={list.id} onChange={onChange} />
        </>
      )}
      <Button type="submit" kind="primary">
        {isOnly ? text("adding.page.addTo", { name: list.name }) : text("adding.add")}
      </Button>
    </form>
  );
}
