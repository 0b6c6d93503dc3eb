import { type MouseEvent, useCallback, useState } from "react";
import { useText } from "../i18n";
import { bookmarkAddress, bookmarkToken } from "../lib/bookmark";
import styles from "./AddHelp.module.css";
import { Dialog } from "./Dialog";

/** How to add without coming here first. */
export function AddHelp({ listId, onClose }: { listId: string; onClose: () => void }) {
  const text = useText();
  return (
    <Dialog isOpen title={text("adding.help")} onClose={onClose}>
      <p className={styles.text}>{text("adding.help.intro")}</p>
      <section className={styles.way}>
        <h3>{text("adding.help.bookmark")}</h3>
        <p className={styles.text}>{text("adding.help.bookmark.text")}</p>
        <Bookmark listId={listId} />
      </section>
      {/* Browsers install nothing from addresses without encryption. */}
      {window.isSecureContext && (
        <section className={styles.way}>
          <h3>{text("adding.help.share")}</h3>
          <p className={styles.text}>{text("adding.help.share.text")}</p>
        </section>
      )}
      <section className={styles.way}>
        <h3>{text("adding.help.drop")}</h3>
        <p className={styles.text}>{text("adding.help.drop.text")}</p>
      </section>
    </Dialog>
  );
}

/** A link that is made for being dragged away; here, it has nothing to add. */
function Bookmark({ listId }: { listId: string }) {
  const text = useText();
  const [isExplained, setExplained] = useState(false);
  // React takes addresses of this kind for an attack and puts another in their place.
  const link = useCallback(
    (element: HTMLAnchorElement | null) => {
      const address = bookmarkAddress(window.location.origin, { list: listId, token: bookmarkToken() });
      element?.setAttribute("href", address);
    },
    [listId],
  );
  const explain = (event: MouseEvent) => {
    event.preventDefault();
    setExplained(true);
  };
  return (
    <>
      <a ref={link} href="/add" className={styles.bookmark} draggable onClick={explain}>
        {text("adding.help.bookmark.name")}
      </a>
      <p role="status">{isExplained && text("adding.help.bookmark.click")}</p>
    </>
  );
}
