/**
 * How long a stretch of events may be, and how it is shortened.
 *
 * Chats count most: each is a row on a screen, while joins and leaves between two of them
 * fold into one line. A stretch of nothing but joins is bounded as well; a digest counts as the
 * events that it covers.
 */
import { firstSeq, isMessage, type RoomEvent } from "./frames.ts";

export const MAX_CHATS = 300;
export const MAX_EVENTS = 3_000;

export function fits(events: readonly RoomEvent[]): boolean {
  return keptFromEnd(events, 1) === events.length;
}

/** Drop the oldest until `share` of the bound is kept. */
export function trimStart(events: RoomEvent[], share = 1): void {
  events.splice(0, events.length - keptFromEnd(events, share));
}

/** Drop the newest until the bound is kept. */
export function trimEnd(events: RoomEvent[]): void {
  let chats = 0, covered = 0;
  const end = events.findIndex((event) =>
    (covered += size(event)) > MAX_EVENTS || (event.type === "chat" && ++chats > MAX_CHATS));
  if (end >= 0) events.length = end;
}

/** The event without its words, as the server sends it from now on; a digest without its names. */
export function blank<T extends RoomEvent>(event: T): T;
export function blank(event: RoomEvent): RoomEvent {
  if (event.type === "presence") return { ...event, joined: [], left: [] };
  if (isMessage(event)) return { ...event, message: "", erased: true };
  if (event.type === "room") return { ...event, topic: "" };
  if (!("reason" in event)) return event;
  const { reason: _, ...rest } = event;
  return rest;
}

/** How many events it is. */
function size(event: RoomEvent): number {
  return event.seq - firstSeq(event) + 1;
}

function keptFromEnd(events: readonly RoomEvent[], share: number): number {
  let chats = 0, covered = 0;
  for (let kept = 0; kept < events.length; kept++) {
    const event = events[events.length - 1 - kept]!;
    if ((covered += size(event)) > MAX_EVENTS * share) return kept;
    if (event.type === "chat" && ++chats > MAX_CHATS * share) return kept;
  }
  return events.length;
}
