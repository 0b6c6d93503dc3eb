import type { SelectHTMLAttributes } from "react";
import styles from "./Select.module.css";

/** A choice out of few. */
export function Select({ className, ...rest }: SelectHTMLAttributes<HTMLSelectElement>) {
  return <select {...rest} className={[styles.select, className].filter(Boolean).join(" ")} />;
}
