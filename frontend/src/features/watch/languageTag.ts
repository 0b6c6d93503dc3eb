/** What `lang` may be for texts in this language; undefined where the code is none that browsers understand. */
export function languageTag(code: string | null): string | undefined {
  try {
    return code ? Intl.getCanonicalLocales(code)[0] : undefined;
  } catch {
    return undefined;
  }
}
