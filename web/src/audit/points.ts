/** A seq, a date or a time, as somebody types it into a filter. */

/** The numbers that are meant: from the first of `from` on, and before `to`. */
export interface Span {
  readonly of: "seq" | "time";
  readonly from: number;
  readonly to: number;
}

const DATE = /^(\d{4})-(\d\d)-(\d\d)$/;
const TIME = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d)?$/i;

/** What a text means: a seq, a whole day or a moment of the reader's clock; null, if it is none. */
export function spanOf(typed: string): Span | null {
  const text = typed.trim();
  if (/^\d{1,15}$/.test(text)) return { of: "seq", from: Number(text), to: Number(text) + 1 };
  const day = DATE.exec(text);
  if (day !== null) return dayOf(Number(day[1]), Number(day[2]) - 1, Number(day[3]));
  if (!TIME.test(text) || spanOf(text.slice(0, 10)) === null) return null;
  const time = Date.parse(text.replace(/([+-]\d\d)(\d\d)$/, "$1:$2"));
  // The page's times are whole milliseconds, those of the log are finer.
  return Number.isNaN(time) ? null : { of: "time", from: time, to: time + 1 };
}

function dayOf(year: number, month: number, day: number): Span | null {
  const from = localDay(year, month, day);
  if (from.getMonth() !== month || from.getDate() !== day) return null;
  return { of: "time", from: from.getTime(), to: localDay(year, month, day + 1).getTime() };
}

/** The first moment of a day; `new Date(20, …)` alone would be in 1920. */
function localDay(year: number, month: number, day: number): Date {
  const date = new Date(2000, month, 1);
  date.setFullYear(year, month, day);
  return date;
}
