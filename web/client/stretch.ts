/**
 * How long a stretch of events may be, and how it is shortened.
 *
 * Chats count most: each is a row on a screen, while joins and leaves between two of them
 * fold into one line. A stretch of nothing but joins is bounded as well.
 */
import { isMessage, type LogEvent } from "./frames.ts";

export const MAX_CHATS = 300;
export const MAX_EVENTS = 3_000;

export function fits(events: readonly LogEvent[]): boolean {
  return keptFromEnd(events, 1) === events.length;
}

/** Drop the oldest until `share` of the bound is kept. */
export function trimStart(events: LogEvent[], share = 1): void {
  events.splice(0, events.length - keptFromEnd(events, share));
}

/** Drop the newest until the bound is kept. */
export function trimEnd(events: LogEvent[]): void {
  let chats = 0;
  const end = events.findIndex((event, index) =>
    index >= MAX_EVENTS || (event.type === "chat" && ++chats > MAX_CHATS));
  if (end >= 0) events.length = end;
}

/** The event without its words, as the server sends it from now on. */
export function blank(event: LogEvent): LogEvent {
  if (isMessage(event)) return { ...event, message: "", erased: true };
  if (event.type === "room") return { ...event, topic: "" };
  if (!("reason" in event)) return event;
  const { reason: _, ...rest } = event;
  return rest;
}

function keptFromEnd(events: readonly LogEvent[], share: number): number {
  let chats = 0;
  const limit = Math.min(events.length, MAX_EVENTS * share);
  for (let kept = 0; kept < limit; kept++)
    if (events[events.length - 1 - kept]!.type === "chat" && ++chats > MAX_CHATS * share) return kept;
  return limit;
}
