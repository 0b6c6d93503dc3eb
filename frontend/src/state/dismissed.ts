/** The notices about ended batches that were closed in this browser. */

const STORAGE_KEY = "vidferry.dismissedBatches";
const MAX_REMEMBERED = 200;

export function dismissedBatches(): readonly string[] {
  try {
    const stored: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "[]");
    return Array.isArray(stored) ? stored.filter((id) => typeof id === "string") : [];
  } catch {
    return [];
  }
}

export function rememberDismissed(batchId: string): void {
  const others = dismissedBatches().filter((id) => id !== batchId);
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify([...others, batchId].slice(-MAX_REMEMBERED)));
  } catch {
    // Storage may be full or forbidden: the notice comes back with the next visit.
  }
}
