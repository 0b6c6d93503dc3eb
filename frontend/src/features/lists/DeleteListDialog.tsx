import type { VideoList } from "../../api/types";
import { useDeleteList } from "../../data/queries";
import { useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { Dialog } from "../../ui/Dialog";
import { ErrorNotice } from "../../ui/ErrorNotice";

interface Props {
  list: VideoList;
  onClose: () => void;
  onDeleted: () => void;
}

export function DeleteListDialog({ list, onClose, onDeleted }: Props) {
  const text = useText();
  const deletion = useDeleteList();
  const key = list.video_count > 0 ? "sidebar.delete.text" : "sidebar.delete.text.empty";
  const actions = (
    <>
      <Button onClick={onClose} data-autofocus>
        {text("common.cancel")}
      </Button>
      <Button
        kind="danger"
        isBusy={deletion.isPending}
        onClick={() => deletion.mutate(list.id, { onSuccess: onDeleted })}
      >
        {text("common.delete")}
      </Button>
    </>
  );
  return (
    <Dialog isOpen onClose={onClose} title={text("sidebar.delete.title")} actions={actions}>
      <p>{text(key, { name: list.name, n: list.video_count })}</p>
      {deletion.error && <ErrorNotice error={deletion.error} />}
    </Dialog>
  );
}
