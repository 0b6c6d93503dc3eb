import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { ScrollRestoration } from "./scrollRestoration";

/** How far the page can be scrolled. */
let room = Number.POSITIVE_INFINITY;
let grow = () => {};
let stop = () => {};

beforeEach(() => {
  room = Number.POSITIVE_INFINITY;
  sessionStorage.clear();
  history.replaceState(null, "");
  let y = 0;
  vi.spyOn(window, "scrollY", "get").mockImplementation(() => y);
  vi.spyOn(window, "scrollTo").mockImplementation((to) => {
    y = Math.min(room, (to as ScrollToOptions).top ?? 0);
    window.dispatchEvent(new Event("scroll"));
  });
  vi.stubGlobal(
    "ResizeObserver",
    class {
      constructor(told: () => void) {
        grow = told;
      }
      observe() {}
      disconnect() {
        grow = () => {};
      }
    },
  );
});

afterEach(() => {
  stop();
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
});

function begin(): ScrollRestoration {
  const places = new ScrollRestoration();
  stop = places.follow();
  places.enter();
  return places;
}

const readOn = (top: number) => window.scrollTo({ top });

/** To another page and back: what `history` would do, without its waiting. */
function goAndReturn(places: ScrollRestoration, meanwhile = () => {}) {
  const before = history.state;
  history.replaceState(null, "");
  places.enter();
  meanwhile();
  history.replaceState(before, "");
  places.enter();
}

describe("the places of pages", () => {
  it("a new page begins at its top; one that was left is back where it was", () => {
    const places = begin();
    readOn(700);
    goAndReturn(places, () => {
      expect(window.scrollY).toBe(0);
      readOn(50);
    });
    expect(window.scrollY).toBe(700);
  });

  it("waits until the page is as high as it was", () => {
    const places = begin();
    readOn(700);
    goAndReturn(places, () => {
      room = 100;
    });
    expect(window.scrollY).toBe(100);
    room = 900;
    grow();
    expect(window.scrollY).toBe(700);
  });

  it("leaves it to the reader once he goes on by himself", () => {
    const places = begin();
    readOn(700);
    goAndReturn(places, () => {
      room = 100;
    });
    window.dispatchEvent(new Event("wheel"));
    room = 900;
    grow();
    expect(window.scrollY).toBe(100);
  });

  it("outlives loading the page anew", () => {
    begin();
    readOn(700);
    window.dispatchEvent(new Event("pagehide"));
    stop();
    readOn(0);
    begin();
    expect(window.scrollY).toBe(700);
  });
});
