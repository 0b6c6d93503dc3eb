import { useRef, useState } from "react";
import { flushSync } from "react-dom";
import { Link } from "wouter";
import type { VideoList } from "../../api/types";
import { useRenameList } from "../../data/queries";
import { useFormat, useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { PencilIcon, TrashIcon } from "../../ui/icons";
import { restoreFocus } from "../../ui/restoreFocus";
import { DeleteListDialog } from "./DeleteListDialog";
import { ListNameForm } from "./ListNameForm";
import styles from "./SidebarItem.module.css";

interface Props {
  list: VideoList;
  isCurrent: boolean;
  onNavigate: () => void;
  onDeleted: (listId: string) => void;
}

/** One list: leads to it, and renames or deletes it. */
export function SidebarItem({ list, isCurrent, onNavigate, onDeleted }: Props) {
  const [mode, setMode] = useState<"shown" | "renaming" | "deleting">("shown");
  const text = useText();
  const format = useFormat();
  const pencil = useRef<HTMLButtonElement>(null);
  const stopRenaming = () => {
    flushSync(() => setMode("shown"));
    restoreFocus(pencil.current);
  };
  if (mode === "renaming") return <Renaming list={list} onEnd={stopRenaming} />;
  return (
    <li className={styles.item}>
      <Link
        href={`/lists/${list.id}`}
        className={styles.link}
        title={list.name}
        aria-current={isCurrent ? "page" : undefined}
        onClick={onNavigate}
      >
        <span className={styles.name}>{list.name}</span>
        <span className={styles.count} aria-hidden="true">
          {format.count(list.video_count)}
        </span>
        <span className="visually-hidden">{text("sidebar.count", { n: list.video_count })}</span>
      </Link>
      <div className={styles.actions}>
        <Button
          ref={pencil}
          kind="quiet"
          isIcon
          aria-label={text("sidebar.rename", { name: list.name })}
          title={text("sidebar.rename.short")}
          onClick={() => setMode("renaming")}
        >
          <PencilIcon />
        </Button>
        <Button
          kind="quiet"
          isIcon
          aria-label={text("sidebar.delete", { name: list.name })}
          title={text("sidebar.delete.short")}
          onClick={() => setMode("deleting")}
        >
          <TrashIcon />
        </Button>
      </div>
      {mode === "deleting" && (
        <DeleteListDialog list={list} onClose={() => setMode("shown")} onDeleted={() => onDeleted(list.id)} />
      )}
    </li>
  );
}

function Renaming({ list, onEnd }: { list: VideoList; onEnd: () => void }) {
  const text = useText();
  const rename = useRenameList();
  return (
    <li className={styles.form}>
      <ListNameForm
        initialName={list.name}
        submitLabel={text("common.save")}
        isBusy={rename.isPending}
        error={rename.error}
        onSubmit={(name) => rename.mutate({ id: list.id, name }, { onSuccess: onEnd })}
        onCancel={onEnd}
        takesFocus
      />
    </li>
  );
}
