import { Problem } from "../api/problem";
import type { Text } from "../i18n";

/** What went wrong, in one sentence: the API's own about a field, else about the request, else a general one. */
export function errorMessage(error: unknown, text: Text): string {
  if (!(error instanceof Problem)) return text("error.unexpected");
  const own = error.errors[0]?.message || error.detail;
  if (own) return own;
  if (error.status !== 0) return text("error.unexpected");
  return text(navigator.onLine ? "error.unreachable" : "error.offline");
}

/** What the API says about one field of the request; null: nothing. */
export function fieldMessage(error: unknown, field: string): string | null {
  return (error instanceof Problem && error.errors.find((each) => each.field === field)?.message) || null;
}
