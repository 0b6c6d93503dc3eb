import { type FormEvent, type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useText } from "../../i18n";
import { Button } from "../../ui/Button";
import { ErrorNotice } from "../../ui/ErrorNotice";
import styles from "./ListNameForm.module.css";

/** As the API takes it. */
const MAX_NAME_CHARACTERS = 200;

interface Props {
  initialName?: string;
  submitLabel: string;
  isBusy: boolean;
  error: unknown;
  onSubmit: (name: string) => void;
  /** Without it, nothing can be called off. */
  onCancel?: () => void;
  /** Whether the keyboard goes to the field as soon as it is there. */
  takesFocus?: boolean;
}

/** The one field that names a list, new or old. */
export function ListNameForm({ initialName = "", submitLabel, isBusy, error, onSubmit, onCancel, takesFocus }: Props) {
  const text = useText();
  const [name, setName] = useState(initialName);
  const field = useRef<HTMLInputElement>(null);
  useEffect(() => {
    if (!takesFocus) return;
    field.current?.focus();
    field.current?.select();
  }, [takesFocus]);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (name.trim()) onSubmit(name.trim());
    else field.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key !== "Escape" || !onCancel) return;
    // Escape would close the drawer around it, too.
    event.preventDefault();
    event.stopPropagation();
    onCancel();
  };
  return (
    <form className={styles.form} onSubmit={submit} onKeyDown={onKeyDown}>
      <input
        ref={field}
        className={styles.field}
        aria-label={text("sidebar.name")}
        placeholder={text("sidebar.name")}
        value={name}
        maxLength={MAX_NAME_CHARACTERS}
        autoComplete="off"
        onChange={(event) => setName(event.target.value)}
      />
      <div className={styles.actions}>
        {onCancel && (
          <Button kind="quiet" onClick={onCancel}>
            {text("common.cancel")}
          </Button>
        )}
        <Button type="submit" kind="primary" isBusy={isBusy}>
          {submitLabel}
        </Button>
      </div>
      {error ? <ErrorNotice error={error} /> : null}
    </form>
  );
}
