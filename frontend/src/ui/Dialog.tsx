import { type ReactNode, useId } from "react";
import { useText } from "../i18n";
import { Button } from "./Button";
import styles from "./Dialog.module.css";
import { CloseIcon } from "./icons";
import { useModal } from "./useModal";

interface Props {
  isOpen: boolean;
  onClose: () => void;
  title: string;
  children: ReactNode;
  /** Buttons at its end; the one that leads on comes last. */
  actions?: ReactNode;
  /** It stays while something is on its way that cannot be called off. */
  isLocked?: boolean;
}

/** Asks or shows something above the page. Put `data-autofocus` on what the focus should begin with. */
export function Dialog({ isOpen, ...rest }: Props) {
  return isOpen ? <OpenDialog {...rest} /> : null;
}

function OpenDialog({ onClose, title, children, actions, isLocked = false }: Omit<Props, "isOpen">) {
  const text = useText();
  const titleId = useId();
  return (
    <Modal className={styles.dialog} labelledBy={titleId} onClose={onClose} isLocked={isLocked}>
      <div className={styles.content}>
        <header className={styles.head}>
          <h2 id={titleId}>{title}</h2>
          <Button kind="quiet" isIcon aria-label={text("common.close")} disabled={isLocked} onClick={onClose}>
            <CloseIcon />
          </Button>
        </header>
        <div className={styles.body}>{children}</div>
        {actions && <footer className={styles.actions}>{actions}</footer>}
      </div>
    </Modal>
  );
}

interface ModalProps {
  className: string | undefined;
  label?: string;
  labelledBy?: string;
  onClose: () => void;
  isLocked?: boolean;
  children: ReactNode;
}

/** What lies above the page and closes with Escape or a click beside it; without a look of its own. */
export function Modal({ className, label, labelledBy, onClose, isLocked = false, children }: ModalProps) {
  const dialog = useModal();
  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the browser reports Escape as `cancel`.
    <dialog
      ref={dialog}
      className={className}
      aria-label={label}
      aria-labelledby={labelledBy}
      onClick={(event) => {
        if (event.target === dialog.current && !isLocked) onClose();
      }}
      onCancel={(event) => {
        if (event.target !== dialog.current) return;
        event.preventDefault();
        if (!isLocked) onClose();
      }}
      onClose={() => {
        // At the second Escape, browsers close a dialog whatever the page does.
        if (dialog.current?.open) return;
        if (isLocked) dialog.current?.showModal();
        else onClose();
      }}
    >
      {children}
    </dialog>
  );
}
