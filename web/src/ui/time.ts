/** Times of the log as a person reads them, in their own zone and language. */
import { locale, t } from "./words.ts";

const clock = new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit" });
const exact = new Intl.DateTimeFormat(locale, { dateStyle: "full", timeStyle: "medium" });
const day = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long" });
const dayAndYear = new Intl.DateTimeFormat(locale, { weekday: "long", day: "numeric", month: "long", year: "numeric" });
const short = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });

export function clockTime(at: string | number): string {
  return clock.format(new Date(at));
}

export function exactTime(at: string): string {
  return `${exact.format(new Date(at))} (${at})`;
}

/** A text that differs for different local days. */
export function dayKey(at: string): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${date.getMonth()}-${date.getDate()}`;
}

export function dayName(at: string, now = new Date()): string {
  const date = new Date(at);
  const yesterday = new Date(now.getFullYear(), now.getMonth(), now.getDate() - 1);
  if (date.toDateString() === now.toDateString()) return t("today");
  if (date.toDateString() === yesterday.toDateString()) return t("yesterday");
  return (date.getFullYear() === now.getFullYear() ? day : dayAndYear).format(date);
}

/** "now", "5 min", "3 h", or a date. */
export function ago(at: string, now = Date.now()): string {
  const minutes = Math.floor((now - Date.parse(at)) / 60_000);
  if (minutes < 1) return t("now");
  if (minutes < 60) return t("minutesAgo", { count: minutes });
  if (minutes < 24 * 60) return t("hoursAgo", { count: Math.floor(minutes / 60) });
  return short.format(new Date(at));
}

/** The clock today, with the date on other days. */
export function shortTime(at: string, now = new Date()): string {
  const date = new Date(at);
  return date.toDateString() === now.toDateString() ? clock.format(date) : `${short.format(date)}, ${clock.format(date)}`;
}
