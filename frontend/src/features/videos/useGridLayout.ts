import { type RefObject, useLayoutEffect, useMemo, useState } from "react";
import { type GridLayout, gridLayout } from "./gridLayout";

const USUAL_REM_PIXELS = 16;

interface PlacedGrid {
  layout: GridLayout;
  /** How far below the top of the page the grid begins, in pixels. */
  top: number;
}

/** How the cards of a grid are laid out now; follows its width, its place on the page and the letter size. */
export function useGridLayout(grid: RefObject<HTMLElement | null>): PlacedGrid {
  const [{ width, rem, top }, setMeasured] = useState({ width: 0, rem: USUAL_REM_PIXELS, top: 0 });
  useLayoutEffect(() => {
    const measure = () => {
      const now = measured(grid.current);
      setMeasured((before) =>
        before.width === now.width && before.rem === now.rem && before.top === now.top ? before : now,
      );
    };
    measure();
    const observer = new ResizeObserver(measure);
    // The body's height changes when something above the grid comes or goes.
    for (const element of [grid.current, document.body]) if (element) observer.observe(element);
    return () => observer.disconnect();
  }, [grid]);
  return { layout: useMemo(() => gridLayout(width, rem), [width, rem]), top };
}

function measured(grid: HTMLElement | null) {
  const box = grid?.getBoundingClientRect();
  const rem = Number.parseFloat(getComputedStyle(document.documentElement).fontSize) || USUAL_REM_PIXELS;
  return { width: box?.width ?? 0, rem, top: Math.round((box?.top ?? 0) + window.scrollY) };
}
