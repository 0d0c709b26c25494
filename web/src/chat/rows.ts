/**
 * From events to the rows of a page: days, messages grouped by author, folded arrivals.
 *
 * Pure, and stable: a row keeps its key while events are added at either end, so that the
 * page moves nothing that did not change.
 */
import type { ChatFrame, ErasureFrame, LogEvent, PresenceEvent, RoomEvent, RoomFrame } from "../../client/index.ts";
import { dayKey } from "../ui/time.ts";
import { memberNote, removalNote, roomNote } from "../ui/notes.ts";

export type Row =
  | { readonly kind: "day"; readonly key: string; readonly at: string }
  | { readonly kind: "unread"; readonly key: string }
  | { readonly kind: "chat"; readonly key: string; readonly event: ChatFrame; readonly grouped: boolean }
  | { readonly kind: "erasure"; readonly key: string; readonly event: ErasureFrame }
  | { readonly kind: "note"; readonly key: string; readonly seq: number; readonly at: string; readonly text: string }
  | PresenceRow;

export interface PresenceRow {
  readonly kind: "presence";
  readonly key: string;
  readonly seq: number;
  readonly at: string;
  /** In the order of the log; who does the same one after the other is in one part. */
  readonly parts: readonly PresencePart[];
}

export interface PresencePart {
  readonly did: "joined" | "left" | "joined and left" | "left and rejoined";
  readonly names: readonly string[];
}

const GROUP_MILLISECONDS = 5 * 60_000;

/** `unreadAfter`: the line goes before the first message of somebody else past this seq. */
export function rowsOf(events: readonly RoomEvent[], unreadAfter: number, me: string): Row[] {
  const rows: Row[] = [];
  let day = "", lined = false, last: ChatFrame | null = null, fold: PresenceEvent[] = [], state: RoomFrame | null = null;
  const endFold = () => {
    if (fold.length > 0) rows.push(folded(fold));
    fold = [];
  };
  for (const event of events) {
    // Others have no row: a further tab is no news, and this page asks for no digests.
    if (event.type === "session" || event.type === "unknown" || event.type === "presence") continue;
    if (dayKey(event.at) !== day) {
      endFold();
      day = dayKey(event.at);
      rows.push({ kind: "day", key: `day-${day}`, at: event.at });
      last = null;
    }
    const text = noteOf(event, state);
    if (event.type === "room") state = event;
    if (text !== null) {
      endFold();
      rows.push({ kind: "note", key: `note-${event.seq}`, seq: event.seq, at: event.at, text });
      last = null;
      continue;
    }
    if (event.type === "notification") {
      fold.push(event);
      last = null;
      continue;
    }
    endFold();
    if (event.type !== "chat") {
      if (event.type === "erasure") rows.push({ kind: "erasure", key: `erasure-${event.seq}`, event });
      last = null;
      continue;
    }
    if (!lined && event.seq > unreadAfter && event.username !== me) {
      rows.push({ kind: "unread", key: "unread" });
      lined = true;
      last = null;
    }
    rows.push({ kind: "chat", key: `${event.seq}`, event, grouped: last !== null && belongs(event, last) });
    last = event;
  }
  endFold();
  return rows;
}

function belongs(event: ChatFrame, last: ChatFrame): boolean {
  return event.username === last.username && !event.message.startsWith("/me ") && !last.message.startsWith("/me ")
    && Date.parse(event.at) - Date.parse(last.at) < GROUP_MILLISECONDS;
}

/** Each person once, where their last arrival or departure stands. */
function folded(events: readonly PresenceEvent[]): PresenceRow {
  const course = new Map<string, { first: string; last: string }>();
  for (const { username, event } of events) {
    const first = course.get(username)?.first ?? event;
    course.delete(username); // a map keeps the order in which its keys were set
    course.set(username, { first, last: event });
  }
  const parts: { did: PresencePart["did"]; names: string[] }[] = [];
  for (const [name, { first, last }] of course) {
    const did = first === last ? (last === "join" ? "joined" : "left") : last === "join" ? "left and rejoined" : "joined and left";
    const part = parts.at(-1);
    if (part?.did === did) part.names.push(name);
    else parts.push({ did, names: [name] });
  }
  const end = events.at(-1)!;
  return { kind: "presence", key: `presence-${events[0]!.seq}`, seq: end.seq, at: end.at, parts };
}

/** What became of the room, of a role, or of somebody who was put out; null for all else. */
function noteOf(event: LogEvent, before: RoomFrame | null): string | null {
  if (event.type === "room") return roomNote(event, before);
  if (event.type === "member") return memberNote(event);
  return event.type === "notification" && event.event === "leave" && event.cause === "kicked" ? removalNote(event) : null;
}
