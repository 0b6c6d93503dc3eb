import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useLocation } from "wouter";
import { Problem } from "../../api/problem";
import type { VideoList } from "../../api/types";
import { useAddVideo } from "../../data/queries";
import { kindOf } from "../../data/youtube";
import { useText } from "../../i18n";
import { rememberList } from "../../state/preferences";
import { Button } from "../../ui/Button";
import { ErrorNotice } from "../../ui/ErrorNotice";
import { Spinner } from "../../ui/Spinner";
import styles from "./AddFromShare.module.css";
import { PreviewDialog } from "./PreviewDialog";
import { isSourceRefusal } from "./requests";
import { outcomeAddress, type ShareOutcome } from "./share";

interface Props {
  address: string;
  list: VideoList;
}

/** Adds one address to a list without asking, unless it stands for many videos. */
export function AddFromShare({ address, list }: Props) {
  const kind = kindOf(address);
  return kind === "playlist" || kind === "channel" ? (
    <SharedSource address={address} list={list} />
  ) : (
    <SharedVideo address={address} list={list} />
  );
}

function SharedVideo({ address, list }: Props) {
  const text = useText();
  const { error, add } = useAddingOnce(address, list);
  if (!error) return <Spinner label={text("adding.page.adding", { name: list.name })} />;
  // The page guessed a video; the API knows better.
  if (isSourceRefusal(error)) return <SharedSource address={address} list={list} />;
  const isPassing = error instanceof Problem && error.isPassing;
  return <ErrorNotice error={error} {...(isPassing && { onRetry: add })} />;
}

function useAddingOnce(address: string, list: VideoList) {
  const [error, setError] = useState<unknown>(null);
  const { mutateAsync } = useAddVideo(list.id);
  const finish = useFinish(list);
  const add = async () => {
    setError(null);
    try {
      const { duplicate } = await mutateAsync(address);
      finish(duplicate ? "duplicate" : "added");
    } catch (refusal) {
      setError(refusal);
    }
  };
  const start = useEffectEvent(() => void add());
  const isStarted = useRef(false);
  useEffect(() => {
    // In development, effects run twice.
    if (!isStarted.current) start();
    isStarted.current = true;
  }, []);
  return { error, add: () => void add() };
}

/** Replaces the address by one that says it is done: going back must not add again. */
function useFinish({ id }: VideoList): (outcome: ShareOutcome) => void {
  const [, navigate] = useLocation();
  return (outcome) => {
    rememberList(id);
    navigate(outcomeAddress(outcome, id), { replace: true });
  };
}

function SharedSource({ address, list }: Props) {
  const text = useText();
  const finish = useFinish(list);
  const [isPreviewOpen, setPreviewOpen] = useState(true);
  return (
    <div className={styles.result}>
      <p>{text("adding.page.source")}</p>
      <Button kind="primary" onClick={() => setPreviewOpen(true)}>
        {text("adding.page.preview")}
      </Button>
      {isPreviewOpen && (
        <PreviewDialog
          listId={list.id}
          wanted={{ source: address }}
          onDone={() => finish("begun")}
          onCancel={() => setPreviewOpen(false)}
        />
      )}
    </div>
  );
}
