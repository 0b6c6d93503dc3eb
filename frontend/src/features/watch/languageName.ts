import type { Language } from "../../api/types";

/** A language's name in the reader's language; its code if there is no name. */
export function languageName(code: string, language: Language): string {
  try {
    return new Intl.DisplayNames([language], { type: "language" }).of(code) ?? code;
  } catch {
    return code;
  }
}
