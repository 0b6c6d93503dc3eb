/** Numbers, times and durations as people of a language write them. */
import type { Language } from "../api/types";

export interface Formats {
  /** 14:10; where that is not today: 25 November at 00:20. */
  time(iso: string): string;
  /** The same within a sentence: "at 14:10", "on 25 November at 00:20". */
  at(iso: string): string;
  /** "until 14:10", "until 25 November at 00:20". */
  until(iso: string): string;
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
/** What stands before and after days and times; browsers do not agree on it. */
const WORDS: Record<Language, { on: string; at: string; until: string; untilDay: string; clock: string }> = {
  en: { on: "on", at: "at", until: "until", untilDay: "until", clock: "" },
  de: { on: "am", at: "um", until: "bis", untilDay: "bis zum", clock: " Uhr" },
};
const MADE = new Map<Language, Formats>();

/** Intl formatters are slow to make, so each language's are made once. */
export function formatsOf(language: Language): Formats {
  const made = MADE.get(language) ?? makeFormats(language);
  MADE.set(language, made);
  return made;
}

function makeFormats(language: Language): Formats {
  const locale = LOCALES[language];
  const words = WORDS[language];
  const number = new Intl.NumberFormat(locale);
  const hours = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
  const clock = (moment: Date) => hours.format(moment) + words.clock;
  const dayOfYear = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long" });
  const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "long", year: "numeric" });
  const time = (iso: string) => {
    const moment = new Date(iso);
    if (isToday(moment)) return clock(moment);
    const date = (isThisYear(moment) ? dayOfYear : day).format(moment);
    return `${date} ${words.at} ${clock(moment)}`;
  };
  const unit = (name: string) =>
    new Intl.NumberFormat(locale, { style: "unit", unit: name, unitDisplay: "long", maximumFractionDigits: 0 });
  const units = { second: unit("second"), minute: unit("minute"), hour: unit("hour"), day: unit("day") };
  return {
    time,
    at: (iso) => `${isToday(new Date(iso)) ? words.at : words.on} ${time(iso)}`,
    until: (iso) => `${isToday(new Date(iso)) ? words.until : words.untilDay} ${time(iso)}`,
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

function isThisYear(at: Date): boolean {
  return at.getFullYear() === new Date().getFullYear();
}

function positionOf(seconds: number): string {
  const whole = Math.max(0, Math.floor(seconds));
  const two = (n: number) => String(n).padStart(2, "0");
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  return hours > 0 ? `${hours}:${two(minutes)}:${two(whole % 60)}` : `${minutes}:${two(whole % 60)}`;
}
