/** Every text of the page, by key, in the language the reader chose. */
import { useMemo } from "react";
import type { Language } from "../api/types";
import { useLanguage } from "../state/preferences";
import { de as baseDe } from "./de";
import { en as baseEn } from "./en";
import { type Formats, formatsOf } from "./format";
import * as adding from "./parts/adding";
import * as cards from "./parts/cards";
import * as live from "./parts/live";
import * as video from "./parts/video";
import { fill, type TextValues } from "./text";

const en = { ...baseEn, ...live.en, ...cards.en, ...adding.en, ...video.en };
export type TextKey = keyof typeof en;
const de: Record<TextKey, string> = { ...baseDe, ...live.de, ...cards.de, ...adding.de, ...video.de };

const TEXTS: Record<Language, Record<TextKey, string>> = { en, de };

export type Text = (key: TextKey, values?: TextValues) => string;

/** The text of `key` in `language`; for places outside of components. */
export function textIn(language: Language, key: TextKey, values?: TextValues): string {
  return fill(TEXTS[language][key], formatsOf(language).count, values);
}

/** `text("sidebar.delete", { name })`. In texts, `{name}` is a value and `{n|video|videos}` the form that fits `n`. */
export function useText(): Text {
  const language = useLanguage();
  return useMemo(() => (key, values) => textIn(language, key, values), [language]);
}

export function useFormat(): Formats {
  return formatsOf(useLanguage());
}
