import { useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import styles from "./ImportResultDialog.module.css";
import type { ImportResult } from "./useImport";
import { useImportResultText } from "./useImportResultText";

const MAX_SHOWN = 20;

/** What became of an import of which some entries could not be used, and why. */
export function ImportResultDialog({ result, onClose }: { result: ImportResult; onClose: () => void }) {
  const text = useText();
  const words = useImportResultText();
  const shown = result.invalid.slice(0, MAX_SHOWN);
  const more = result.invalid_count - shown.length;
  const title = text(result.created > 0 ? "adding.result.title" : "adding.result.nothing");
  const actions = (
    <Button kind="primary" onClick={onClose} data-autofocus>
      {text("common.close")}
    </Button>
  );
  return (
    <Dialog isOpen title={title} onClose={onClose} actions={actions}>
      <p role="status">{words(result)}</p>
      <details className={styles.details}>
        <summary>{text("adding.result.rows", { n: result.invalid_count })}</summary>
        <ul className={styles.rows}>
          {shown.map((row) => (
            <li key={row.row}>
              <span className={styles.place}>{text("adding.result.row", { row: row.row })}</span> {row.message}
              {row.url && <span className={styles.url}>{row.url}</span>}
            </li>
          ))}
          {more > 0 && <li>{text("adding.result.more", { n: more })}</li>}
        </ul>
      </details>
    </Dialog>
  );
}
