import { type KeyboardEvent, useEffect, useId, useLayoutEffect, useRef, useState } from "react";
import { MoreIcon } from "./CardIcons";
import styles from "./CardMenu.module.css";

export interface MenuEntry {
  label: string;
  /** An address to follow, */
  href?: string;
  /** …or something to do. */
  onSelect?: () => void;
  isDownload?: boolean;
}

export interface CardMenuProps {
  /** What the button is called; spoken only, unless `caption` is there. */
  label: string;
  /** Words on the button, instead of three dots. */
  caption?: string;
  entries: readonly MenuEntry[];
  tabIndex?: number;
}

/** Room that a menu takes, in pixels, so that it opens where it is seen. */
const ENTRY_HEIGHT = 44;
/** What stays free between a menu and the edge of the window. */
const EDGE = 8;

/** A button with a menu behind it. */
export function CardMenu({ label, caption, entries, tabIndex }: CardMenuProps) {
  const [isOpen, setIsOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const menuId = useId();
  const close = () => {
    setIsOpen(false);
    button.current?.focus({ preventScroll: true });
  };
  return (
    <div className={styles.menu}>
      <button
        ref={button}
        type="button"
        className={caption ? styles.wideButton : styles.button}
        aria-label={caption ? undefined : label}
        title={label}
        aria-haspopup="menu"
        aria-expanded={isOpen}
        aria-controls={isOpen ? menuId : undefined}
        tabIndex={tabIndex}
        onMouseDown={(event) => {
          // The focus stays in the menu, whether or not this browser would give it to the button: the click closes it.
          if (isOpen) event.preventDefault();
        }}
        onClick={() => (isOpen ? close() : setIsOpen(true))}
        onKeyDown={(event) => {
          if (event.key !== "ArrowDown") return;
          event.preventDefault();
          setIsOpen(true);
        }}
      >
        {caption ?? <MoreIcon />}
      </button>
      {isOpen && (
        <Entries
          id={menuId}
          label={label}
          entries={entries}
          side={sideOf(button.current, entries.length)}
          onClose={close}
          onLeave={() => setIsOpen(false)}
        />
      )}
    </div>
  );
}

type Side = "above" | "below";

function sideOf(button: HTMLElement | null, count: number): Side {
  const bottom = button?.getBoundingClientRect().bottom ?? 0;
  return bottom + (count + 0.5) * ENTRY_HEIGHT > window.innerHeight ? "above" : "below";
}

/** A menu ends where its button does; from a button far to the left it would stick out of the window. */
function keepInWindow(menu: HTMLElement | null) {
  const left = menu?.getBoundingClientRect().left ?? EDGE;
  if (menu && left < EDGE) menu.style.right = `${left - EDGE}px`;
}

interface EntriesProps {
  id: string;
  label: string;
  entries: readonly MenuEntry[];
  side: Side;
  /** Done or given up: back to the button. */
  onClose: () => void;
  /** The attention went elsewhere. */
  onLeave: () => void;
}

function Entries({ id, label, entries, side, onClose, onLeave }: EntriesProps) {
  const menu = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => keepInWindow(menu.current), []);
  useEffect(() => itemsOf(menu.current)[0]?.focus({ preventScroll: true }), []);

  function onKeyDown(event: KeyboardEvent) {
    const items = itemsOf(menu.current);
    const next = nextItem(event.key, items);
    if (event.key === "Escape") onClose();
    else if (event.key === "Tab") return onLeave();
    else if (next) next.focus();
    else return;
    event.preventDefault();
  }

  return (
    <div
      ref={menu}
      id={id}
      className={styles.entries}
      data-side={side}
      role="menu"
      tabIndex={-1}
      aria-label={label}
      onKeyDown={onKeyDown}
      onBlur={(event) => {
        // The button closes the menu itself.
        if (!event.currentTarget.parentElement?.contains(event.relatedTarget)) onLeave();
      }}
    >
      {entries.map((entry) => (
        <Entry key={entry.label} entry={entry} onClose={onClose} />
      ))}
    </div>
  );
}

function Entry({ entry, onClose }: { entry: MenuEntry; onClose: () => void }) {
  if (entry.href) {
    const target = entry.isDownload ? { download: "" } : { target: "_blank", rel: "noopener noreferrer" };
    return (
      <a className={styles.entry} role="menuitem" tabIndex={-1} href={entry.href} {...target} onClick={onClose}>
        {entry.label}
      </a>
    );
  }
  const select = () => {
    // First back to the button: a dialog that opens now finds its way back there.
    onClose();
    entry.onSelect?.();
  };
  return (
    <button type="button" className={styles.entry} role="menuitem" tabIndex={-1} onClick={select}>
      {entry.label}
    </button>
  );
}

function itemsOf(menu: HTMLElement | null): HTMLElement[] {
  return [...(menu?.querySelectorAll<HTMLElement>("[role=menuitem]") ?? [])];
}

function nextItem(key: string, items: HTMLElement[]): HTMLElement | undefined {
  const index = items.indexOf(document.activeElement as HTMLElement);
  if (key === "ArrowDown") return items[(index + 1) % items.length];
  if (key === "ArrowUp") return items.at(index <= 0 ? -1 : index - 1);
  if (key === "Home") return items[0];
  return key === "End" ? items.at(-1) : undefined;
}
