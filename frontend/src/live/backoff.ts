const FIRST_MS = 500;
const LONGEST_MS = 30_000;
/** The server asked for patience: there is no hurry then. */
const PATIENT_MS = 2_000;

/** How long to wait before attempt `failures + 1`. Jitter: when a server comes back, not everybody is there at once. */
export function delayAfter(failures: number, isPatient: boolean, random: () => number): number {
  const doubled = Math.min(FIRST_MS * 2 ** Math.max(failures - 1, 0), LONGEST_MS);
  const longest = isPatient ? Math.max(doubled, PATIENT_MS) : doubled;
  return longest * (0.5 + random() / 2);
}
