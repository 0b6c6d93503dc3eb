import { useEffect, useEffectEvent, useRef, useState } from "react";
import { Link } from "wouter";
import { Problem } from "../api/client";
import { useAddVideo } from "../api/queries";
import type { VideoList } from "../api/types";
import { useText } from "../i18n";
import { kindOf } from "../lib/youtube";
import { rememberList } from "../stores/preferences";
import styles from "./AddShared.module.css";
import { Button } from "./Button";
import { ErrorNotice } from "./ErrorNotice";
import { PreviewDialog } from "./PreviewDialog";
import { Spinner } from "./Spinner";

interface Props {
  address: string;
  list: VideoList;
}

/** Brings one address onto a list without a further question, unless it stands for many videos. */
export function AddShared({ address, list }: Props) {
  const kind = kindOf(address);
  return kind === "playlist" || kind === "channel" ? (
    <SharedSource address={address} list={list} />
  ) : (
    <SharedVideo address={address} list={list} />
  );
}

type Outcome = { state: "adding" | "added" | "duplicate" } | { state: "failed"; error: unknown };

function SharedVideo({ address, list }: Props) {
  const text = useText();
  const { outcome, add } = useOutcome(address, list);
  const name = list.name;
  if (outcome.state === "adding") return <Spinner label={text("adding.page.adding", { name })} />;
  if (outcome.state === "failed") return <Failed error={outcome.error} onRetry={add} />;
  return (
    <div className={styles.end}>
      <p role="status" className={styles.words}>
        {text(outcome.state === "added" ? "adding.page.added" : "adding.page.duplicate", { name })}
      </p>
      <WaysOn list={list} />
    </div>
  );
}

function Failed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const isPassing = error instanceof Problem && error.isPassing;
  return <ErrorNotice error={error} {...(isPassing && { onRetry })} />;
}

function useOutcome(address: string, list: VideoList) {
  const [outcome, setOutcome] = useState<Outcome>({ state: "adding" });
  const { mutateAsync } = useAddVideo(list.id);
  const add = async () => {
    setOutcome({ state: "adding" });
    try {
      const { duplicate } = await mutateAsync(address);
      rememberList(list.id);
      setOutcome({ state: duplicate ? "duplicate" : "added" });
    } catch (error) {
      setOutcome({ state: "failed", error });
    }
  };
  const start = useEffectEvent(() => void add());
  const isStarted = useRef(false);
  useEffect(() => {
    // In development, effects run twice.
    if (!isStarted.current) start();
    isStarted.current = true;
  }, []);
  return { outcome, add: () => void add() };
}

function SharedSource({ address, list }: Props) {
  const text = useText();
  const [state, setState] = useState<"looking" | "left" | "begun">("looking");
  if (state === "begun") {
    return (
      <div className={styles.end}>
        <p role="status" className={styles.words}>
          {text("adding.page.sourceAdded", { name: list.name })}
        </p>
        <WaysOn list={list} />
      </div>
    );
  }
  return (
    <div className={styles.end}>
      <p>{text("adding.page.source")}</p>
      <Button kind="primary" onClick={() => setState("looking")}>
        {text("adding.page.look")}
      </Button>
      {state === "looking" && (
        <PreviewDialog
          listId={list.id}
          wanted={{ source: address }}
          onDone={() => setState("begun")}
          onCancel={() => setState("left")}
        />
      )}
    </div>
  );
}

function WaysOn({ list }: { list: VideoList }) {
  const text = useText();
  return (
    <div className={styles.ways}>
      <Link href={`/lists/${list.id}`}>{text("adding.page.open", { name: list.name })}</Link>
      {/* Only what opened a window may close it: this one is the bookmark's. */}
      {window.opener && <Button onClick={() => window.close()}>{text("adding.page.close")}</Button>}
    </div>
  );
}
