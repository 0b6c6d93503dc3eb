import { useFormat, useText } from "../../i18n";
import { useNow } from "../../ui/useNow";
import type { CardImport } from "../videos/cardState";
import { badgeText, statusText } from "../videos/cardTexts";

/** What an import does or waits for right now, in words; null where there is nothing to say. */
export function useImportStatus(shown: CardImport): string | null {
  const text = useText();
  const format = useFormat();
  const now = useNow(shown.until);
  const words = [badgeText(shown, text, format, now), statusText(shown, text, format, now)].filter(Boolean);
  return words.join(". ") || null;
}
