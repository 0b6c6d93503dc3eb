import type { ReactNode } from "react";
import { useText } from "../../i18n";
import { toast } from "../../ui/toasts";
import styles from "./DropArea.module.css";
import { PreviewQueue } from "./PreviewQueue";
import { useAdding } from "./useAdding";
import { useDrop } from "./useDrop";
import { useErrorMessage } from "./useErrorMessage";

interface Props {
  listId: string;
  children: ReactNode;
}

/** A list onto which links and files can be dropped. Whoever cannot drag has the field above it. */
export function DropArea({ listId, children }: Props) {
  const text = useText();
  const words = useErrorMessage();
  const adding = useAdding(listId, (_dropped, error) => {
    if (error) toast({ text: words(error) });
  });
  const isOver = useDrop(({ addresses, files }) => {
    if (files.length > 0) adding.addFiles(files);
    else if (addresses.length > 0) adding.addAddresses(addresses);
    else toast({ text: text("adding.drop.nothing") });
  });
  return (
    <>
      {children}
      {isOver && (
        <div className={styles.overlay} aria-hidden="true">
          <div className={styles.invitation}>
            <p className={styles.title}>{text("adding.drop")}</p>
            <p className={styles.hint}>{text("adding.drop.hint")}</p>
          </div>
        </div>
      )}
      <PreviewQueue listId={listId} adding={adding} />
    </>
  );
}
