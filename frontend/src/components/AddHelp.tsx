import { useList } from "../api/queries";
import { useText } from "../i18n";
import styles from "./AddHelp.module.css";
import { Bookmark } from "./Bookmark";
import { Dialog } from "./Dialog";

/** How to add without coming here first. */
export function AddHelp({ listId, onClose }: { listId: string; onClose: () => void }) {
  const text = useText();
  const { data: list } = useList(listId);
  return (
    <Dialog isOpen title={text("adding.help")} onClose={onClose}>
      <p className={styles.text}>{text("adding.help.intro")}</p>
      {list && (
        <section className={styles.way}>
          <h3>{text("adding.help.bookmark")}</h3>
          <p className={styles.text}>{text("adding.help.bookmark.text", { name: list.name })}</p>
          <Bookmark listId={listId} />
        </section>
      )}
      {/* Browsers install nothing from addresses without encryption. */}
      {window.isSecureContext && (
        <section className={styles.way}>
          <h3>{text("adding.help.share")}</h3>
          <p className={styles.text}>{text("adding.help.share.text")}</p>
        </section>
      )}
      <section className={`${styles.way} ${styles.dragging}`}>
        <h3>{text("adding.help.drop")}</h3>
        <p className={styles.text}>{text("adding.help.drop.text")}</p>
      </section>
    </Dialog>
  );
}
