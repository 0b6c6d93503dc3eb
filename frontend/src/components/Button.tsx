import type { ButtonHTMLAttributes, Ref } from "react";
import styles from "./Button.module.css";

export type ButtonKind = "primary" | "secondary" | "quiet" | "danger";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  kind?: ButtonKind;
  /** Square, for a single symbol; needs an `aria-label`. */
  isIcon?: boolean;
  /** Pressed already, and the answer is not there yet. */
  isBusy?: boolean;
  ref?: Ref<HTMLButtonElement>;
}

export function Button({ kind = "secondary", isIcon = false, isBusy = false, className, ...rest }: Props) {
  const classes = [styles.button, styles[kind], isIcon && styles.icon, className].filter(Boolean).join(" ");
  return (
    <button
      type="button"
      {...rest}
      className={classes}
      disabled={rest.disabled || isBusy}
      aria-busy={isBusy || undefined}
    />
  );
}
