import type { Language } from "../api/types";

/** What a language is called in the reader's; its code where nobody has a name for it. */
export function languageName(code: string, language: Language): string {
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
