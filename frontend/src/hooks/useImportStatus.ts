import { useFormat, useText } from "../i18n";
import type { CardImport } from "../lib/cardState";
import { badgeText, statusText } from "../lib/cardTexts";
import { useNowUntil } from "./useNowUntil";

/** What an import does or waits for right now, in words; null where there is nothing to say. */
export function useImportStatus(shown: CardImport): string | null {
  const text = useText();
  const format = useFormat();
  const now = useNowUntil(shown.until);
  const words = [badgeText(shown, text, format, now), statusText(shown, text, format, now)].filter(Boolean);
  return words.join(". ") || null;
}
