import { useCallback } from "react";
import { useText } from "../../i18n";
import { errorMessage } from "../../ui/errorMessage";

/** Describes an error in one sentence of the chosen language. */
export function useErrorMessage(): (error: unknown) => string {
  const text = useText();
  return useCallback((error) => errorMessage(error, text), [text]);
}
