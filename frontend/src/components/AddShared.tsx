import { useEffect, useEffectEvent, useRef, useState } from "react";
import { useLocation } from "wouter";
import { Problem } from "../api/client";
import { useAddVideo } from "../api/queries";
import type { VideoList } from "../api/types";
import { useText } from "../i18n";
import { isSourceRefusal } from "../lib/requests";
import { endAddress, type SharedEnd } from "../lib/shared";
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

function SharedVideo({ address, list }: Props) {
  const text = useText();
  const { error, add } = useAddingOnce(address, list);
  if (!error) return <Spinner label={text("adding.page.adding", { name: list.name })} />;
  // The page took for a video what the API knows better.
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

/** Says in the address that it is done, in place of what was asked: going back must not add again. */
function useFinish({ id }: VideoList): (end: SharedEnd) => void {
  const [, navigate] = useLocation();
  return (end) => {
    rememberList(id);
    navigate(endAddress(end, id), { replace: true });
  };
}

function SharedSource({ address, list }: Props) {
  const text = useText();
  const finish = useFinish(list);
  const [isLooking, setLooking] = useState(true);
  return (
    <div className={styles.end}>
      <p>{text("adding.page.source")}</p>
      <Button kind="primary" onClick={() => setLooking(true)}>
        {text("adding.page.look")}
      </Button>
      {isLooking && (
        <PreviewDialog
          listId={list.id}
          wanted={{ source: address }}
          onDone={() => finish("begun")}
          onCancel={() => setLooking(false)}
        />
      )}
    </div>
  );
}
