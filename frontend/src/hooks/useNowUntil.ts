import { useEffect, useState } from "react";

/** Timers of browsers cannot wait longer than this. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The present, renewed once `moment` has passed, so that nobody reads "until 14:10" at 14:11. */
export function useNowUntil(moment: string | null): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (moment === null || !(Date.parse(moment) > now)) return;
    const left = Date.parse(moment) - Date.now() + 1;
    const timer = setTimeout(() => setNow(Date.now()), Math.min(Math.max(left, 0), LONGEST_TIMEOUT_MS));
    return () => clearTimeout(timer);
  }, [moment, now]);
  return now;
}
