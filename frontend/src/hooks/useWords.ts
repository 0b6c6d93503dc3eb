import { useCallback } from "react";
import { Problem } from "../api/client";
import { useText } from "../i18n";

/** What went wrong, in one sentence: the API's own where it has one. */
export function useWords(): (error: unknown) => string {
  const text = useText();
  return useCallback(
    (error) => {
      if (!(error instanceof Problem)) return text("error.unexpected");
      const told = error.errors[0]?.message ?? error.detail;
      if (told) return told;
      if (error.status !== 0) return text("error.unexpected");
      return text(navigator.onLine ? "error.unreachable" : "error.offline");
    },
    [text],
  );
}
