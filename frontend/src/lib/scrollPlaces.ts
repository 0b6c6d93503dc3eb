/** Where each page of the browser's history was left. Browsers do this themselves for pages that are whole at once. */

const STORED_AS = "vidferry.scroll";
/** So long a page is waited for that is not as high yet as it was. */
const PATIENCE_MS = 3000;
/** The reader goes on by himself: nothing is brought back any more. */
const BY_HAND = ["wheel", "touchstart", "pointerdown", "keydown"] as const;

type Places = Record<string, number>;

export class ScrollPlaces {
  private places: Places = stored();
  private entry = "";
  private stopReturning: (() => void) | null = null;

  /** Remembers from now on where pages are left, until the returned function is called. */
  follow(): () => void {
    const usual = history.scrollRestoration;
    history.scrollRestoration = "manual";
    const remember = () => {
      // On the way back to a place, the page may be where nobody left it.
      if (this.entry && !this.stopReturning) this.places[this.entry] = window.scrollY;
    };
    const store = () => sessionStorage.setItem(STORED_AS, JSON.stringify(this.places));
    window.addEventListener("scroll", remember, { passive: true });
    window.addEventListener("pagehide", store);
    return () => {
      history.scrollRestoration = usual;
      window.removeEventListener("scroll", remember);
      window.removeEventListener("pagehide", store);
      this.stopReturning?.();
    };
  }

  /** Another page is shown: a known one where it was left, a new one from its top. */
  enter(): void {
    this.stopReturning?.();
    const known = entryName();
    this.entry = known ?? nameEntry();
    const target = known ? (this.places[known] ?? 0) : 0;
    if (!arrivesAt(target)) this.returnTo(target);
  }

  /** Tries again whenever the page has grown. */
  private returnTo(target: number): void {
    const growth = new ResizeObserver(() => {
      if (arrivesAt(target)) stop();
    });
    const stop = () => {
      growth.disconnect();
      clearTimeout(patience);
      for (const event of BY_HAND) window.removeEventListener(event, stop);
      this.stopReturning = null;
    };
    const patience = setTimeout(stop, PATIENCE_MS);
    for (const event of BY_HAND) window.addEventListener(event, stop, { passive: true });
    this.stopReturning = stop;
    growth.observe(document.body);
  }
}

function arrivesAt(target: number): boolean {
  window.scrollTo({ top: target, behavior: "instant" });
  return Math.abs(window.scrollY - target) < 1;
}

/** The name of this entry of the history; undefined for one that is new. */
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

function stored(): Places {
  try {
    return JSON.parse(sessionStorage.getItem(STORED_AS) ?? "{}") as Places;
  } catch {
    return {};
  }
}
