import { PreviewDialog } from "./PreviewDialog";
import type { Adding } from "./useAdding";

/** Looks at what was brought, one after another. */
export function PreviewQueue({ listId, adding }: { listId: string; adding: Adding }) {
  const { wanted, waiting, turn, next, cancel } = adding;
  if (!wanted) return null;
  return <PreviewDialog key={turn} listId={listId} wanted={wanted} waiting={waiting} onDone={next} onCancel={cancel} />;
}
