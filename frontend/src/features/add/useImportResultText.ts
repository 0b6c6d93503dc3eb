import { useCallback } from "react";
import { useText } from "../../i18n";
import type { ImportResult } from "./useImport";

/** Describes the result of a bulk import in one sentence. */
export function useImportResultText(): (result: ImportResult) => string {
  const text = useText();
  return useCallback(
    (result) => {
      if (isSource(result)) return text("adding.result.source");
      const { created, duplicate_count: here, invalid_count: invalid } = result;
      const parts = [
        created > 0 ? text("adding.result.created", { n: created }) : text("adding.result.nothing"),
        here > 0 && text("adding.result.duplicates", { n: here }),
        invalid > 0 && text("adding.result.invalid", { n: invalid }),
      ];
      return parts.filter(Boolean).join(", ");
    },
    [text],
  );
}

/** Reading it has just started, so nothing is known of it yet. */
function isSource(result: ImportResult): boolean {
  return "kind" in result && (result.kind === "playlist" || result.kind === "channel");
}
