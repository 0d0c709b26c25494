/** What is filtered, as a file: the events as the protocol has them, or a table. */
import { isMessage, type LogEvent } from "../../client/index.ts";
import { nameOf, typeOf } from "./filters.ts";

export function asJsonLines(events: readonly LogEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join("");
}

const COLUMNS = ["room", "seq", "at", "type", "username", "message", "cause", "sessions", "erased", "hash"];

/** Only where people prove who they are, and only if an event has one of them. */
const FURTHER = ["member", "subject", "role", "until", "by", "reason", "access", "history", "topic", "locked"];

/** Without it, some spreadsheets read a file as Windows-1252. */
const BYTE_ORDER_MARK = "\uFEFF";

export function asCsv(events: readonly LogEvent[]): string {
  const further = FURTHER.filter((name) => events.some((event) => name in event));
  const lines = events.map((event) => {
    const has = event as unknown as Record<string, unknown>;
    return [event.room, event.seq, event.at, typeOf(event), nameOf(event), isMessage(event) ? event.message : "",
      has["cause"] ?? "", has["sessions"] ?? "", has["erased"] ?? "", event.hash, ...further.map((name) => has[name] ?? "")].map(cell).join(",");
  });
  return BYTE_ORDER_MARK + [[...COLUMNS, ...further].map(cell).join(","), ...lines].join("\r\n") + "\r\n";
}

/** A cell that a spreadsheet would run as a formula gets an apostrophe before it. Some skip what is
 * not shown before it, and fold wide, small and raised forms to the plain ones. Every cell is in
 * quotes: else `x;=1+1` is two cells where a semicolon separates them. */
function cell(value: unknown): string {
  const text = String(value);
  const shown = /[^\p{Cc}\p{Cf}\p{Z}]/u.exec(text)?.[0].normalize("NFKC") ?? "";
  const defused = /^[=+\-@]/.test(shown) || /^[\t\r\n]/.test(text) ? `'${text}` : text;
  return `"${defused.replaceAll('"', '""')}"`;
}

export function save(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement("a");
  link.href = address;
  link.download = name.replace(/[^\p{L}\p{N}._-]+/gu, "-");
  link.click();
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
