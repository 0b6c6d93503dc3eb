import type { ChangeEvent } from "react";
import { Link } from "wouter";
import type { Language } from "../api/types";
import { type TextKey, useText } from "../i18n";
import { setLanguage, setTheme, type Theme, useLanguage, usePreferences } from "../state/preferences";
import { Button } from "../ui/Button";
import { BrandIcon, MenuIcon } from "../ui/icons";
import styles from "./Header.module.css";

/** Each language in its own name, for readers who do not know the current one. */
const LANGUAGES: Record<Language, string> = { en: "English", de: "Deutsch" };
const THEMES: Record<Theme, TextKey> = {
  system: "header.theme.system",
  light: "header.theme.light",
  dark: "header.theme.dark",
};

interface Props {
  /** Opens the lists; only where they are not beside the page. */
  onMenu?: () => void;
  isMenuOpen?: boolean;
}

export function Header({ onMenu, isMenuOpen = false }: Props) {
  const text = useText();
  return (
    <header className={styles.header}>
      {onMenu && (
        <Button kind="quiet" isIcon aria-label={text("header.menu")} aria-expanded={isMenuOpen} onClick={onMenu}>
          <MenuIcon />
        </Button>
      )}
      <Link href="/" className={styles.brand} aria-label={text("app.name")}>
        <BrandIcon />
        <span className={styles.name}>{text("app.name")}</span>
      </Link>
      <LanguageSwitch />
      <ThemeSwitch />
    </header>
  );
}

function LanguageSwitch() {
  const text = useText();
  const language = useLanguage();
  const onChange = (event: ChangeEvent<HTMLSelectElement>) => setLanguage(event.target.value as Language);
  return (
    <select className={styles.select} aria-label={text("header.language")} value={language} onChange={onChange}>
      {Object.entries(LANGUAGES).map(([value, name]) => (
        <option key={value} value={value} lang={value}>
          {name}
        </option>
      ))}
    </select>
  );
}

function ThemeSwitch() {
  const text = useText();
  const theme = usePreferences((preferences) => preferences.theme);
  const onChange = (event: ChangeEvent<HTMLSelectElement>) => setTheme(event.target.value as Theme);
  return (
    <select className={styles.select} aria-label={text("header.theme")} value={theme} onChange={onChange}>
      {Object.entries(THEMES).map(([value, key]) => (
        <option key={value} value={value}>
          {text(key)}
        </option>
      ))}
    </select>
  );
}
