/** Which events are shown: who, type, from, to, text. Kept in the address, so a view has a link. */
import { EVENT_TYPES, isMessage, isPresence, type LogEvent, type PresenceEvent } from "../../client/index.ts";
import { memberNote, roomNote } from "../ui/notes.ts";
import { t, type Key } from "../ui/words.ts";
import { spanOf, type Span } from "./points.ts";

export interface Filters {
  readonly who: string;
  /** One of `EVENT_TYPES`, or empty for all. */
  readonly type: string;
  /** A seq, a time on the reader's clock, or a date: its whole day. */
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

export const NO_FILTERS: Filters = { who: "", type: "", from: "", to: "", text: "" };

export function typeOf(event: LogEvent): string {
  return "event" in event ? event.event : event.type;
}

export function nameOf(event: LogEvent): string {
  return event.type === "unknown" ? "" : event.username ?? "";
}

export function textOf(event: LogEvent): string {
  if (isMessage(event)) return event.message;
  if (event.type === "erasure") return t("erasedEvents", { list: event.of.join(", ") });
  if (event.type === "room") return roomNote(event, null);
  if (event.type === "member") return memberNote(event);
  if (!isPresence(event)) return "";
  return presenceText(event);
}

const CAUSES: Readonly<Record<string, Key>> = {
  left: "leftNote", disconnected: "causeDisconnected", timed_out: "causeTimedOut", shutdown: "causeShutdown", kicked: "causeKicked",
  expired: "causeExpired", revoked: "causeRevoked", import_ended: "causeImportEnded", lapsed: "causeLapsed",
};

function presenceText(event: PresenceEvent): string {
  const cause = event.cause ?? "left";
  let text = event.event === "join" ? t("joinedNote") : CAUSES[cause] ? t(CAUSES[cause]) : cause;
  if (event.by !== undefined) text = t("byWhom", { text, by: event.by });
  if (event.type === "session" || event.sessions > 1) text = t("sessionsNow", { text, count: event.sessions });
  return event.reason ? t("detail", { text, detail: event.reason }) : text;
}

/** The indices of the events that pass: none, where a filter cannot be read. */
export function passing(events: readonly LogEvent[], filters: Filters): number[] {
  if (faultOf(filters) !== null) return [];
  const passes = [
    ...(filters.who === "" ? [] : [byName(filters.who)]),
    ...(filters.type === "" ? [] : [(event: LogEvent) => typeOf(event) === filters.type]),
    ...bound(filters.from, (value, span) => value >= span.from),
    ...bound(filters.to, (value, span) => value < span.to),
    ...(filters.text === "" ? [] : [byText(filters.text)]),
  ];
  const found: number[] = [];
  events.forEach((event, index) => { if (passes.every((pass) => pass(event))) found.push(index); });
  return found;
}

export function isActive(filters: Filters): boolean {
  return Object.values(filters).some((value) => value !== "");
}

function byName(who: string) {
  const sought = who.toLocaleLowerCase();
  return (event: LogEvent) => nameOf(event).toLocaleLowerCase().includes(sought);
}

function byText(text: string) {
  const sought = text.toLocaleLowerCase();
  return (event: LogEvent) => wordsOf(event).toLocaleLowerCase().includes(sought);
}

/** What a person wrote into an event. */
function wordsOf(event: LogEvent): string {
  if (isMessage(event)) return event.message;
  if (event.type === "room") return event.topic;
  return "reason" in event ? event.reason ?? "" : "";
}

function bound(limit: string, holds: (value: number, span: Span) => boolean): ((event: LogEvent) => boolean)[] {
  const span = spanOf(limit);
  if (span === null) return [];
  return [(event) => holds(span.of === "seq" ? event.seq : Date.parse(event.at), span)];
}

/** What is wrong with the filters. Nothing passes then: whoever filters wants less than all. */
export function faultOf(filters: Filters): string | null {
  if (filters.type !== "" && !(EVENT_TYPES as readonly string[]).includes(filters.type)) return t("noSuchType", { type: filters.type });
  for (const bound of [filters.from, filters.to])
    if (!isReadable(bound)) return t("notAPoint", { text: bound.trim() });
  return null;
}

/** Whether a bound can be read. */
export function isReadable(limit: string): boolean {
  return limit.trim() === "" || spanOf(limit) !== null;
}
