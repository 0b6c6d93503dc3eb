/** Scroll positions by history entry. Browsers restore these only for pages that are complete when they load. */

const STORED_AS = "vidferry.scroll";
/** How long to wait for a page to reach its former height. */
const TIMEOUT_MS = 3000;
/** The reader scrolls or types: restoring stops. */
const USER_INPUT = ["wheel", "touchstart", "pointerdown", "keydown"] as const;

type Positions = Record<string, number>;

export class ScrollRestoration {
  private positions: Positions = stored();
  private entry = "";
  private stopRestoring: (() => void) | null = null;

  /** Records scroll positions until the returned function is called. */
  follow(): () => void {
    const usual = history.scrollRestoration;
    history.scrollRestoration = "manual";
    const remember = () => {
      // While a position is being restored, the current one is not the reader's.
      if (this.entry && !this.stopRestoring) this.positions[this.entry] = window.scrollY;
    };
    const store = () => sessionStorage.setItem(STORED_AS, JSON.stringify(this.positions));
    window.addEventListener("scroll", remember, { passive: true });
    window.addEventListener("pagehide", store);
    return () => {
      history.scrollRestoration = usual;
      window.removeEventListener("scroll", remember);
      window.removeEventListener("pagehide", store);
      this.stopRestoring?.();
    };
  }

  /** Another page is shown: restores the position of a known entry, starts a new one at its top. */
  enter(): void {
    this.stopRestoring?.();
    const known = entryName();
    this.entry = known ?? nameEntry();
    const target = known ? (this.positions[known] ?? 0) : 0;
    if (!scrollTo(target)) this.restore(target);
  }

  /** Tries again whenever the page grows. */
  private restore(target: number): void {
    const growth = new ResizeObserver(() => {
      if (scrollTo(target)) stop();
    });
    const stop = () => {
      growth.disconnect();
      clearTimeout(timeout);
      for (const event of USER_INPUT) window.removeEventListener(event, stop);
      this.stopRestoring = null;
    };
    const timeout = setTimeout(stop, TIMEOUT_MS);
    for (const event of USER_INPUT) window.addEventListener(event, stop, { passive: true });
    this.stopRestoring = stop;
    growth.observe(document.body);
  }
}

function scrollTo(target: number): boolean {
  window.scrollTo({ top: target, behavior: "instant" });
  return Math.abs(window.scrollY - target) < 1;
}

/** The name of this history entry; undefined for a new one. */
function entryName(): string | undefined {
  const state: unknown = history.state;
  const isNamed = typeof state === "object" && state !== null && "entry" in state && typeof state.entry === "string";
  return isNamed ? (state.entry as string) : undefined;
}

function nameEntry(): string {
  const entry = `${Date.now().toString(36)}-${Math.random().toString(36).slice(2, 8)}`;
  history.replaceState({ ...history.state, entry }, "");
  return entry;
}

function stored(): Positions {
  try {
    return JSON.parse(sessionStorage.getItem(STORED_AS) ?? "{}") as Positions;
  } catch {
    return {};
  }
}
