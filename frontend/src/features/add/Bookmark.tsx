import { type MouseEvent, useCallback, useState } from "react";
import { useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { CopyFallback } from "../../ui/CopyFallback";
import { copyText } from "../../ui/clipboard";
import styles from "./AddHelp.module.css";
import { bookmarkAddress } from "./bookmark";

/** Two ways to the bookmark of a list: dragging it away, and copying its address, as on phones and by keyboard. */
export function Bookmark({ listId }: { listId: string }) {
  const text = useText();
  const address = bookmarkAddress(window.location.origin, listId);
  return (
    <>
      <div className={`${styles.way} ${styles.dragging}`}>
        <p className={styles.text}>{text("adding.help.bookmark.drag")}</p>
        <DraggedBookmark address={address} />
      </div>
      <p className={styles.text}>{text("adding.help.bookmark.manual")}</p>
      <CopiedBookmark address={address} />
    </>
  );
}

/** A link that is made for being dragged away; here, it has nothing to add. */
function DraggedBookmark({ address }: { address: string }) {
  const text = useText();
  const [isExplained, setExplained] = useState(false);
  // React takes addresses of this kind for an attack and puts another in their place.
  const link = useCallback((element: HTMLAnchorElement | null) => element?.setAttribute("href", address), [address]);
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

function CopiedBookmark({ address }: { address: string }) {
  const text = useText();
  const [isCopied, setCopied] = useState<boolean | null>(null);
  const copy = async () => setCopied(await copyText(address));
  return (
    <>
      <Button onClick={() => void copy()}>{text("adding.help.bookmark.copy")}</Button>
      {/* Said here: what is below a dialog is not read out. */}
      <p role="status">{isCopied && text("adding.help.bookmark.copied")}</p>
      {isCopied === false && <CopyFallback text={address} onClose={() => setCopied(null)} />}
    </>
  );
}
