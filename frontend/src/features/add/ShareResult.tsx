import { Link } from "wouter";
import type { VideoList } from "../../api/types";
import { type TextKey, useText } from "../../i18n";
import { Button } from "../../ui/Button";
import styles from "./AddFromShare.module.css";
import type { ShareOutcome } from "./share";

const TEXTS: Record<ShareOutcome, TextKey> = {
  added: "adding.page.added",
  duplicate: "adding.page.duplicate",
  begun: "adding.page.sourceAdded",
};

/** The result of a share, and where to go next. */
export function ShareResult({ outcome, list }: { outcome: ShareOutcome; list: VideoList }) {
  const text = useText();
  const name = list.name;
  return (
    <div className={styles.result}>
      <p role="status" className={styles.words}>
        {text(TEXTS[outcome], { name })}
      </p>
      <div className={styles.ways}>
        <Link href={`/lists/${list.id}`}>{text("adding.page.open", { name })}</Link>
        {/* Only what opened a window may close it: this one is the bookmark's. */}
        {window.opener && <Button onClick={() => window.close()}>{text("adding.page.close")}</Button>}
      </div>
    </div>
  );
}
