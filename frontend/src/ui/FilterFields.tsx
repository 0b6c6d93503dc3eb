import { useId } from "react";
import type { VideoFilter } from "../api/types";
import { useText } from "../i18n";
import styles from "./FilterFields.module.css";

interface Props {
  filter: VideoFilter;
  onChange: (filter: VideoFilter) => void;
}

const SECONDS = 60;

/** Leaves nothing out. */
export const NO_FILTER: VideoFilter = {
  published_after: null,
  title_contains: "",
  min_seconds: null,
  max_seconds: null,
};

/** Which videos of a playlist or channel are wanted. */
export function FilterFields({ filter, onChange }: Props) {
  const text = useText();
  const id = useId();
  const minutes = (name: "min_seconds" | "max_seconds") => (
    <div className={styles.field}>
      <label htmlFor={`${id}-${name}`}>{text(`adding.filter.${name}`)}</label>
      <input
        id={`${id}-${name}`}
        className={styles.input}
        type="number"
        min={0}
        inputMode="numeric"
        value={filter[name] === null || filter[name] === undefined ? "" : filter[name] / SECONDS}
        onChange={({ target }) =>
          onChange({ ...filter, [name]: target.value ? Math.round(Number(target.value) * SECONDS) : null })
        }
      />
    </div>
  );
  return (
    <div className={styles.fields}>
      <div className={styles.field}>
        <label htmlFor={`${id}-title`}>{text("adding.filter.title_contains")}</label>
        <input
          id={`${id}-title`}
          className={styles.input}
          value={filter.title_contains}
          maxLength={200}
          autoComplete="off"
          onChange={({ target }) => onChange({ ...filter, title_contains: target.value })}
        />
      </div>
      <div className={styles.field}>
        <label htmlFor={`${id}-after`}>{text("adding.filter.published_after")}</label>
        <input
          id={`${id}-after`}
          className={styles.input}
          type="date"
          value={filter.published_after ?? ""}
          onChange={({ target }) => onChange({ ...filter, published_after: target.value || null })}
        />
      </div>
      {minutes("min_seconds")}
      {minutes("max_seconds")}
    </div>
  );
}
