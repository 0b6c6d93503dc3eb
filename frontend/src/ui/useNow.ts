import { useEffect, useState } from "react";

/** Timers of browsers cannot wait longer than this. */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

/** The current time, updated once `until` has passed, so that "until 14:10" is not shown at 14:11. */
export function useNow(until: string | null): number {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    if (until === null || !(Date.parse(until) > now)) return;
    const left = Date.parse(until) - Date.now() + 1;
    const timer = setTimeout(() => setNow(Date.now()), Math.min(Math.max(left, 0), LONGEST_TIMEOUT_MS));
    return () => clearTimeout(timer);
  }, [until, now]);
  return now;
}
