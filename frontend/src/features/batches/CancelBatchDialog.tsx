import { useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";

interface Props {
  isOpen: boolean;
  /** How many videos have not begun. */
  queued: number;
  onClose: () => void;
  onConfirm: () => void;
}

/** Asks before an import of many videos is cancelled. */
export function CancelBatchDialog({ isOpen, queued, onClose, onConfirm }: Props) {
  const text = useText();
  const confirm = () => {
    onClose();
    onConfirm();
  };
  return (
    <Dialog
      isOpen={isOpen}
      onClose={onClose}
      title={text("live.batch.confirm.title")}
      actions={
        <>
          <Button data-autofocus onClick={onClose}>
            {text("live.batch.confirm.keep")}
          </Button>
          <Button kind="danger" onClick={confirm}>
            {text("live.batch.confirm.cancel")}
          </Button>
        </>
      }
    >
      <p>{text("live.batch.confirm.text", { n: queued })}</p>
    </Dialog>
  );
}
