/** What this person chose for this browser: language, theme, and the list that was open last. */
import { create } from "zustand";
import type { Language } from "../api/types";

export type Theme = "system" | "light" | "dark";

interface Preferences {
  /** Null: as the browser says. */
  language: Language | null;
  theme: Theme;
  lastListId: string | null;
}

const STORAGE_KEY = "vidferry.preferences";
const DEFAULTS: Preferences = { language: null, theme: "system", lastListId: null };
const LANGUAGES: readonly Language[] = ["en", "de"];
const THEMES: readonly Theme[] = ["system", "light", "dark"];

export const usePreferences = create<Preferences>(() => read());

export function setLanguage(language: Language): void {
  change({ language });
}

export function setTheme(theme: Theme): void {
  change({ theme });
}

export function rememberList(listId: string): void {
  if (usePreferences.getState().lastListId !== listId) change({ lastListId: listId });
}

export function currentLanguage(): Language {
  return usePreferences.getState().language ?? browserLanguage();
}

export function useLanguage(): Language {
  return usePreferences((preferences) => preferences.language) ?? browserLanguage();
}

/** Makes the document follow the preferences, also those chosen in another tab. Answers how to stop. */
export function followPreferences(): () => void {
  const onStorage = (event: StorageEvent) => {
    if (event.key === STORAGE_KEY) usePreferences.setState(read());
  };
  show();
  window.addEventListener("storage", onStorage);
  const unsubscribe = usePreferences.subscribe(show);
  return () => {
    window.removeEventListener("storage", onStorage);
    unsubscribe();
  };
}

function show(): void {
  const { theme } = usePreferences.getState();
  document.documentElement.lang = currentLanguage();
  if (theme === "system") delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
}

function change(changed: Partial<Preferences>): void {
  usePreferences.setState(changed);
  try {
    localStorage.setItem(STORAGE_KEY, JSON.stringify(usePreferences.getState()));
  } catch {
    // Storage may be full or forbidden: the choice then lasts as long as the page.
  }
}

function read(): Preferences {
  try {
    const saved: unknown = JSON.parse(localStorage.getItem(STORAGE_KEY) ?? "{}");
    return { ...DEFAULTS, ...valid(saved as Partial<Preferences>) };
  } catch {
    return DEFAULTS;
  }
}

function valid(saved: Partial<Preferences>): Partial<Preferences> {
  return {
    ...(LANGUAGES.includes(saved.language as Language) && { language: saved.language }),
    ...(THEMES.includes(saved.theme as Theme) && { theme: saved.theme }),
    ...(typeof saved.lastListId === "string" && { lastListId: saved.lastListId }),
  };
}

function browserLanguage(): Language {
  for (const tag of navigator.languages ?? []) {
    const language = LANGUAGES.find((known) => tag.toLowerCase().split("-")[0] === known);
    if (language) return language;
  }
  return "en";
}
