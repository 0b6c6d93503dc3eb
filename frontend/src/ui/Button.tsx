import type { ButtonHTMLAttributes, MouseEvent, Ref } from "react";
import styles from "./Button.module.css";

export type ButtonKind = "primary" | "secondary" | "quiet" | "danger";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: ButtonKind;
  /** Square, for a single symbol; needs an `aria-label`. */
  isIcon?: boolean;
  /** Pressed already, and the answer is not there yet: it keeps the focus and does nothing. */
  isBusy?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ kind = "secondary", isIcon = false, isBusy = false, className, onClick, ...rest }: Props) {
  const classes = [styles.button, styles[kind], isIcon && styles.icon, className].filter(Boolean).join(" ");
  return (
    <button
      type="button"
      {...rest}
      className={classes}
      aria-disabled={isBusy || undefined}
      aria-busy={isBusy || undefined}
      onClick={isBusy ? ignore : onClick}
    />
  );
}

/** Nor does it send off its form. */
function ignore(event: MouseEvent): void {
  event.preventDefault();
}
