import { type ReactNode, useId } from "react";
import { Problem } from "../api/problem";
import type { VideoFilter } from "../api/types";
import { useText } from "../i18n";
import { fieldMessage } from "./errorMessage";
import styles from "./FilterFields.module.css";

interface Props {
  filter: VideoFilter;
  /** Of the request that had the filter: what it says about a field is shown there. */
  error?: unknown;
  onChange: (filter: VideoFilter) => void;
}

/** How the API names the filter's fields. */
const OF_FILTER = "filter.";
const SECONDS = 60;
/** A week, as the API takes it. */
const MAX_MINUTES = 10_080;

/** Leaves nothing out. */
export const NO_FILTER: VideoFilter = {
  published_after: null,
  title_contains: "",
  min_seconds: null,
  max_seconds: null,
};

/** Whether the API refused nothing but the filter: `FilterFields` says all there is to say. */
export function isFilterRefusal(error: unknown): boolean {
  return (
    error instanceof Problem &&
    error.errors.length > 0 &&
    error.errors.every(({ field }) => field.startsWith(OF_FILTER))
  );
}

/** Which videos of a playlist or channel are wanted. */
export function FilterFields({ filter, error, onChange }: Props) {
  const minutes = (name: "min_seconds" | "max_seconds") => (
    <Field name={name} error={error}>
      {(field) => (
        <input
          {...field}
          type="number"
          min={0}
          max={MAX_MINUTES}
          inputMode="numeric"
          value={filter[name] === null || filter[name] === undefined ? "" : filter[name] / SECONDS}
          onChange={({ target }) =>
            onChange({ ...filter, [name]: target.value ? Math.round(Number(target.value) * SECONDS) : null })
          }
        />
      )}
    </Field>
  );
  return (
    <div className={styles.fields}>
      <Field name="title_contains" error={error}>
        {(field) => (
          <input
            {...field}
            value={filter.title_contains}
            maxLength={200}
            autoComplete="off"
            onChange={({ target }) => onChange({ ...filter, title_contains: target.value })}
          />
        )}
      </Field>
      <Field name="published_after" error={error}>
        {(field) => (
          <input
            {...field}
            type="date"
            value={filter.published_after ?? ""}
            onChange={({ target }) => onChange({ ...filter, published_after: target.value || null })}
          />
        )}
      </Field>
      {minutes("min_seconds")}
      {minutes("max_seconds")}
    </div>
  );
}

interface FieldProps {
  name: keyof VideoFilter;
  error: unknown;
  children: (field: object) => ReactNode;
}

function Field({ name, error, children }: FieldProps) {
  const text = useText();
  const id = useId();
  const refusal = fieldMessage(error, `${OF_FILTER}${name}`);
  const refused = refusal ? { "aria-invalid": true, "aria-describedby": `${id}-error` } : {};
  return (
    <div className={styles.field}>
      <label htmlFor={id}>{text(`adding.filter.${name}`)}</label>
      {children({ id, className: styles.input, ...refused })}
      {refusal && (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {refusal}
        </p>
      )}
    </div>
  );
}
