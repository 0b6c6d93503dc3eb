import { useDeleteSubscription } from "../../data/queries";
import { useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { ErrorNotice } from "../../ui/ErrorNotice";
import { toast } from "../../ui/toasts";

interface Props {
  id: string;
  title: string;
  onClose: () => void;
}

export function UnfollowDialog({ id, title, onClose }: Props) {
  const text = useText();
  const deletion = useDeleteSubscription();
  const unfollow = async () => {
    // The row, and this with it, may be gone before the answer is shown.
    await deletion.mutateAsync(id).then(
      () => {
        toast({ text: text("follow.deleted") });
        onClose();
      },
      () => undefined,
    );
  };
  const actions = (
    <>
      <Button onClick={onClose} data-autofocus>
        {text("common.cancel")}
      </Button>
      <Button kind="danger" isBusy={deletion.isPending} onClick={() => void unfollow()}>
        {text("follow.delete")}
      </Button>
    </>
  );
  return (
    <Dialog isOpen onClose={onClose} title={text("follow.delete.title")} actions={actions}>
      <p>{text("follow.delete.text", { title })}</p>
      {deletion.error && <ErrorNotice error={deletion.error} />}
    </Dialog>
  );
}
