/** How the cards of a grid are laid out: all of one size, so that thousands of them can be placed without measuring. */

export interface GridLayout {
  columns: number;
  cardWidth: number;
  cardHeight: number;
  gap: number;
}

/** From which width on there are how many columns, in pixels of the grid. */
const COLUMNS: readonly (readonly [from: number, columns: number])[] = [
  [1240, 5],
  [920, 4],
  [620, 3],
  [290, 2],
];
const WIDE_FROM = 620;
/** Height of what is below a picture, in the reader's letter size (rem): two lines of title, three of small words. */
const BODY_REM = 7.5;

export function columnsFor(width: number): number {
  return COLUMNS.find(([from]) => width >= from)?.[1] ?? 1;
}

export function gridLayout(width: number, remPixels: number): GridLayout {
  const columns = columnsFor(width);
  const gap = width >= WIDE_FROM ? 20 : 12;
  const cardWidth = Math.max(0, (width - gap * (columns - 1)) / columns);
  const cardHeight = Math.round((cardWidth * 9) / 16 + BODY_REM * remPixels);
  return { columns, cardWidth, cardHeight, gap };
}

/** Where an arrow key leads from a card; null: the key is none of ours, or there is nothing there. */
export function neighbour(key: string, index: number, columns: number, count: number): number | null {
  const target = targetOf(key, index, columns, count);
  return target !== null && target >= 0 && target < count && target !== index ? target : null;
}

function targetOf(key: string, index: number, columns: number, count: number): number | null {
  switch (key) {
    case "ArrowRight":
      return index + 1;
    case "ArrowLeft":
      return index - 1;
    case "ArrowDown":
      return belowOf(index, columns, count);
    case "ArrowUp":
      return index - columns;
    case "Home":
      return 0;
    case "End":
      return count - 1;
    default:
      return null;
  }
}

/** The last row may be shorter: below its gap is its last card. */
function belowOf(index: number, columns: number, count: number): number {
  const isLastRow = Math.floor(index / columns) === Math.floor((count - 1) / columns);
  return isLastRow ? index : Math.min(index + columns, count - 1);
}
