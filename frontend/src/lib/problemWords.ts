import { Problem } from "../api/client";
import type { Text } from "../i18n";

/** What went wrong, in one sentence. The API's own comes first: it knows best, and best of all about one field. */
export function problemWords(error: unknown, text: Text): string {
  if (!(error instanceof Problem)) return text("error.unexpected");
  const told = error.errors[0]?.message || error.detail;
  if (told) return told;
  if (error.status !== 0) return text("error.unexpected");
  return text(navigator.onLine ? "error.unreachable" : "error.offline");
}
