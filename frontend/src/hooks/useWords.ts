import { useCallback } from "react";
import { useText } from "../i18n";
import { problemWords } from "../lib/problemWords";

/** What went wrong, in one sentence of the chosen language. */
export function useWords(): (error: unknown) => string {
  const text = useText();
  return useCallback((error) => problemWords(error, text), [text]);
}
