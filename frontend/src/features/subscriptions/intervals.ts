import type { TextKey } from "../../i18n";

/** The intervals between checks that the page offers, in seconds. The API accepts others as well. */
export const INTERVALS: readonly (readonly [seconds: number, name: TextKey])[] = [
  [3600, "follow.every.hour"],
  [3 * 3600, "follow.every.3hours"],
  [6 * 3600, "follow.every.6hours"],
  [12 * 3600, "follow.every.12hours"],
  [86_400, "follow.every.day"],
  [7 * 86_400, "follow.every.week"],
];

export const USUAL_INTERVAL = 6 * 3600;
