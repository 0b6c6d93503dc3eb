import { Link } from "wouter";
import type { VideoList } from "../api/types";
import { type TextKey, useText } from "../i18n";
import type { SharedEnd } from "../lib/shared";
import styles from "./AddShared.module.css";
import { Button } from "./Button";

const WORDS: Record<SharedEnd, TextKey> = {
  added: "adding.page.added",
  duplicate: "adding.page.duplicate",
  begun: "adding.page.sourceAdded",
};

/** What became of a share, and the ways on. */
export function SharedEndNotice({ end, list }: { end: SharedEnd; list: VideoList }) {
  const text = useText();
  const name = list.name;
  return (
    <div className={styles.end}>
      <p role="status" className={styles.words}>
        {text(WORDS[end], { name })}
      </p>
      <div className={styles.ways}>
        <Link href={`/lists/${list.id}`}>{text("adding.page.open", { name })}</Link>
        {/* Only what opened a window may close it: this one is the bookmark's. */}
        {window.opener && <Button onClick={() => window.close()}>{text("adding.page.close")}</Button>}
      </div>
    </div>
  );
}
