/** Numbers, times and durations as people of a language write them. */
import type { Language } from "../api/types";

export interface Formats {
  /** 14:10; with the day where that is not today. */
  time(iso: string): string;
  /** 9 March 2025. */
  date(iso: string): string;
  /** A position or length as players show it: 4:05, 1:02:09. */
  duration(seconds: number): string;
  /** 1,234. */
  count(n: number): string;
  /** Roughly how long something takes: 3 minutes, 2 hours. */
  span(seconds: number): string;
}

const LOCALES: Record<Language, string> = { en: "en-GB", de: "de-DE" };
const MADE = new Map<Language, Formats>();

/** Intl formatters are slow to make, so each language's are made once. */
export function formatsOf(language: Language): Formats {
  const made = MADE.get(language) ?? makeFormats(LOCALES[language]);
  MADE.set(language, made);
  return made;
}

function makeFormats(locale: string): Formats {
  const number = new Intl.NumberFormat(locale);
  const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const dayAndClock = new Intl.DateTimeFormat(locale, {
    day: "numeric",
    month: "short",
    hour: "2-digit",
    minute: "2-digit",
  });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
  const unit = (name: string) =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "long", maximumFractionDigits: 0 });
  const units = { second: unit("second"), minute: unit("minute"), hour: unit("hour"), day: unit("day") };
  return {
    time: (iso) => {
      const at = new Date(iso);
      return (isToday(at) ? clock : dayAndClock).format(at);
    },
    date: (iso) => day.format(new Date(iso)),
    duration: positionOf,
    count: (n) => number.format(n),
    span: (seconds) => {
      if (seconds < 50) return units.second.format(Math.max(1, Math.round(seconds)));
      if (seconds < 55 * 60) return units.minute.format(Math.max(1, Math.round(seconds / 60)));
      if (seconds < 36 * 3600) return units.hour.format(Math.max(1, Math.round(seconds / 3600)));
      return units.day.format(Math.round(seconds / 86400));
    },
  };
}

function isToday(at: Date): boolean {
  return at.toDateString() === new Date().toDateString();
}

function positionOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
