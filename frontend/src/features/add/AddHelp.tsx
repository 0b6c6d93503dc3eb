import { isLoopback } from "../../data/loopback";
import { useList } from "../../data/queries";
import { useText } from "../../i18n";
import { Dialog } from "../../ui/Dialog";
import styles from "./AddHelp.module.css";
import { Bookmark } from "./Bookmark";

/** How to add without coming here first. */
export function AddHelp({ listId, onClose }: { listId: string; onClose: () => void }) {
  const text = useText();
  const { data: list } = useList(listId);
  // Browsers install nothing from addresses without encryption, and a phone cannot open this machine's own address.
  const isInstallable = window.isSecureContext && !isLoopback(window.location.hostname);
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
      {isInstallable && (
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
