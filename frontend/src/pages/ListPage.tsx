import { useEffect } from "react";
import { Link, useParams } from "wouter";
import { Problem } from "../api/problem";
import type { VideoList } from "../api/types";
import { useList } from "../data/queries";
import { AddBar } from "../features/add/AddBar";
import { DropArea } from "../features/add/DropArea";
import { CardMenu } from "../features/videos/CardMenu";
import { VideoGrid } from "../features/videos/VideoGrid";
import { useText } from "../i18n";
import { rememberList } from "../state/preferences";
import { EmptyState } from "../ui/EmptyState";
import { ErrorNotice } from "../ui/ErrorNotice";
import { useTitle } from "../ui/useTitle";
import styles from "./ListPage.module.css";

/** One list: adding to it, and everything that is on it. */
export function ListPage() {
  const { listId = "" } = useParams();
  const { data: list, error, refetch } = useList(listId);
  useTitle(list?.name);
  useEffect(() => {
    if (list?.id === listId) rememberList(listId);
  }, [list?.id, listId]);

  if (error instanceof Problem && error.isMissing) return <MissingList />;
  if (error && !list) return <ErrorNotice error={error} onRetry={refetch} />;
  return (
    <DropArea listId={listId}>
      <div className={styles.page}>
        <Head list={list} />
        <AddBar listId={listId} />
        <VideoGrid key={listId} listId={listId} />
      </div>
    </DropArea>
  );
}

function Head({ list }: { list: VideoList | undefined }) {
  const text = useText();
  return (
    <header className={styles.head}>
      <div className={styles.name}>
        <h1>{list?.name ?? text("app.loading")}</h1>
        {list && <p className={styles.count}>{text("cards.count", { n: list.video_count })}</p>}
      </div>
      {list && list.video_count > 0 && <ExportMenu listId={list.id} />}
    </header>
  );
}

function ExportMenu({ listId }: { listId: string }) {
  const text = useText();
  const address = (format: string) => `/api/lists/${listId}/export?format=${format}`;
  return (
    <CardMenu
      label={text("cards.export.label")}
      caption={text("cards.export")}
      entries={[
        { label: text("cards.export.csv"), href: address("csv"), isDownload: true },
        { label: text("cards.export.json"), href: address("json"), isDownload: true },
      ]}
    />
  );
}

function MissingList() {
  const text = useText();
  useTitle(text("cards.listMissing.title"));
  return (
    <EmptyState level={1} title={text("cards.listMissing.title")} text={text("cards.listMissing.text")}>
      <Link href="/">{text("notFound.home")}</Link>
    </EmptyState>
  );
}
