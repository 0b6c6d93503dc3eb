import type { MouseEvent, ReactNode } from "react";
import { useLocation, useRouter } from "wouter";
import styles from "./CardLink.module.css";

/** What is opened like this knows that the list is one step back, see `VideoLayout`. */
const FROM_LIST = { isFromList: true };

interface Props {
  /** Where it leads; null: nowhere yet. It can be reached all the same, and says so. */
  to: string | null;
  tabIndex: number;
  children: ReactNode;
}

/** Covers its whole card. Stays the same element when an import ends, so that the focus stays where it is. */
export function CardLink({ to, tabIndex, children }: Props) {
  const [, navigate] = useLocation();
  const { hrefs } = useRouter();
  const follow = (event: MouseEvent) => {
    if (to === null || !isPlain(event)) return;
    event.preventDefault();
    navigate(to, { state: FROM_LIST });
  };
  return (
    <a
      className={styles.link}
      href={to === null ? undefined : hrefs(to)}
      role={to === null ? "link" : undefined}
      aria-disabled={to === null || undefined}
      tabIndex={tabIndex}
      onClick={follow}
      data-card-link
    >
      {children}
    </a>
  );
}

/** Anything else is the browser's: a new tab, a window, a download. */
function isPlain(event: MouseEvent): boolean {
  return event.button === 0 && !event.ctrlKey && !event.metaKey && !event.altKey && !event.shiftKey;
}
