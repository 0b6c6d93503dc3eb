import { type FormEvent, type KeyboardEvent, useId, useRef, useState } from "react";
import { useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { ErrorNotice } from "../../ui/ErrorNotice";
import { PlusIcon } from "../../ui/icons";
import styles from "./AddBar.module.css";
import { AddedStatus } from "./AddedStatus";
import { AddHelp } from "./AddHelp";
import { PreviewQueue } from "./PreviewQueue";
import { useAdding } from "./useAdding";

const FILE_TYPES = ".csv,.tsv,.txt,.json,.jsonl,.ndjson,text/csv,text/plain,application/json";
const MAX_LINES = 6;

/** One field for everything that can be added to a list. */
export function AddBar({ listId }: { listId: string }) {
  const text = useText();
  const id = useId();
  const field = useRef<HTMLTextAreaElement>(null);
  const [pasted, setPasted] = useState("");
  const [error, setError] = useState<unknown>(null);
  const adding = useAdding(listId, (notAdded, refusal) => {
    setError(refusal);
    // For putting it right; unless the next one is being entered already.
    setPasted((present) => present || notAdded);
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    field.current?.focus();
    if (!pasted.trim()) return;
    setError(null);
    setPasted("");
    adding.addText(pasted);
  };
  const onKeyDown = (event: KeyboardEvent<HTMLTextAreaElement>) => {
    if (event.key === "Enter" && !event.shiftKey && !event.nativeEvent.isComposing) submit(event);
  };
  return (
    <div className={styles.bar}>
      <form className={styles.form} onSubmit={submit}>
        <label htmlFor={id} className="visually-hidden">
          {text("adding.label")}
        </label>
        <textarea
          ref={field}
          id={id}
          className={styles.field}
          rows={Math.min(pasted.split("\n").length, MAX_LINES)}
          value={pasted}
          placeholder={text("adding.placeholder")}
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          enterKeyHint="done"
          aria-invalid={error ? true : undefined}
          aria-describedby={error ? `${id}-error` : undefined}
          onChange={(event) => {
            setPasted(event.target.value);
            setError(null);
          }}
          onKeyDown={onKeyDown}
        />
        <Button type="submit" kind="primary" className={styles.add}>
          <PlusIcon />
          {text("adding.add")}
        </Button>
      </form>
      {error ? (
        <div id={`${id}-error`}>
          <ErrorNotice error={error} />
        </div>
      ) : null}
      <div className={styles.ways}>
        <FileButton onFiles={adding.addFiles} />
        <HelpButton listId={listId} />
      </div>
      <AddedStatus video={adding.added} />
      <PreviewQueue listId={listId} adding={adding} />
    </div>
  );
}

function FileButton({ onFiles }: { onFiles: (files: File[]) => void }) {
  const text = useText();
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <Button kind="quiet" title={text("adding.file.hint")} onClick={() => input.current?.click()}>
        {text("adding.file")}
      </Button>
      <input
        ref={input}
        type="file"
        className="visually-hidden"
        aria-label={text("adding.file")}
        tabIndex={-1}
        multiple
        accept={FILE_TYPES}
        onChange={(event) => {
          onFiles([...(event.target.files ?? [])]);
          // The same file may be chosen again, once it was corrected.
          event.target.value = "";
        }}
      />
    </>
  );
}

function HelpButton({ listId }: { listId: string }) {
  const text = useText();
  const [isOpen, setOpen] = useState(false);
  return (
    <>
      <Button kind="quiet" aria-haspopup="dialog" onClick={() => setOpen(true)}>
        {text("adding.help")}
      </Button>
      {isOpen && <AddHelp listId={listId} onClose={() => setOpen(false)} />}
    </>
  );
}
