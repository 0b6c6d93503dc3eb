import { type KeyboardEvent, useEffect, useRef } from "react";
import { useText } from "../../i18n";
import styles from "./TranscriptSearch.module.css";
import type { TranscriptSearchState } from "./useTranscriptSearch";

interface TranscriptSearchProps {
  search: TranscriptSearchState;
  onShow: (line: number) => void;
  /** Whether the browser's own search would miss lines, because not all are in the page. */
  takesBrowserSearch: boolean;
}

export function TranscriptSearch({ search, onShow, takesBrowserSearch }: TranscriptSearchProps) {
  const text = useText();
  const field = useRef<HTMLInputElement>(null);
  useBrowserSearch(field, takesBrowserSearch);

  const go = (by: number) => {
    const line = search.step(by);
    if (line !== null) onShow(line);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.nativeEvent.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      go(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape" && search.query) {
      event.preventDefault();
      search.setQuery("");
    }
  };
  const clear = () => {
    search.setQuery("");
    field.current?.focus();
  };
  const isEmpty = search.current < 0;
  return (
    <search className={styles.search}>
      <input
        ref={field}
        type="search"
        className={styles.field}
        aria-label={text("search.label")}
        placeholder={text("search.label")}
        value={search.query}
        onChange={(event) => search.setQuery(event.target.value)}
        onKeyDown={onKeyDown}
      />
      <span role="status" className={styles.count}>
        <Count search={search} />
      </span>
      {search.query && (
        <span className={styles.buttons}>
          <IconButton label={text("search.previous")} path="M6 15l6-6 6 6" isOff={isEmpty} onClick={() => go(-1)} />
          <IconButton label={text("search.next")} path="M6 9l6 6 6-6" isOff={isEmpty} onClick={() => go(1)} />
          <IconButton label={text("search.clear")} path="M6 6l12 12M18 6L6 18" onClick={clear} />
        </span>
      )}
    </search>
  );
}

function Count({ search: { total, current } }: { search: TranscriptSearchState }) {
  const text = useText();
  if (total === null) return null;
  return total === 0 ? text("search.none") : text("search.count", { n: current + 1, total });
}

interface IconButtonProps {
  label: string;
  path: string;
  isOff?: boolean;
  onClick: () => void;
}

function IconButton({ label, path, isOff = false, onClick }: IconButtonProps) {
  return (
    <button type="button" className={styles.button} aria-label={label} title={label} disabled={isOff} onClick={onClick}>
      <svg viewBox="0 0 24 24" aria-hidden="true">
        <path d={path} />
      </svg>
    </button>
  );
}

/** Ctrl+F or ⌘F leads to our field, which knows all lines; pressed there, it is the browser's again. */
function useBrowserSearch(field: React.RefObject<HTMLInputElement | null>, isTaken: boolean): void {
  useEffect(() => {
    if (!isTaken) return;
    const onKeyDown = (event: globalThis.KeyboardEvent) => {
      const isFind = (event.ctrlKey || event.metaKey) && !event.shiftKey && !event.altKey && event.key === "f";
      if (!isFind || !field.current || document.activeElement === field.current) return;
      if (document.querySelector("dialog[open]")) return;
      event.preventDefault();
      field.current.focus();
      field.current.select();
    };
    window.addEventListener("keydown", onKeyDown);
    return () => window.removeEventListener("keydown", onKeyDown);
  }, [field, isTaken]);
}
