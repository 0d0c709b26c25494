/**
 * The frames of protocol version 1, as a client sees them.
 *
 * Events are the log's rows; every other frame is an answer. `parseFrame` is the one place
 * where text from outside becomes typed: what it lets through has the shape it says.
 */
import { EVENT_FRAMES, type EventFrame, type JoinFrame, type PresenceFrame, type SessionFrame } from "./events.generated.ts";

export { EVENT_TYPES } from "./events.generated.ts";
export type * from "./events.generated.ts";

/** An event of a type newer than this client: it is not shown, but its seq counts. */
export interface UnknownEvent {
  readonly type: "unknown";
  readonly room: string;
  readonly seq: number;
  readonly hash: string;
  readonly at: string;
}

/** `notification` is an arrival or a departure; `session` a further tab of somebody present. */
export type PresenceEvent = JoinFrame | SessionFrame;
/** An event that a person wrote: its text can be erased. */
export type MessageEvent = Extract<EventFrame, { readonly message: string }>;
export type LogEvent = EventFrame | UnknownEvent;
/** What comes of a room, in order: events, and the digests that a `join` asked for, which stand for several. */
export type RoomEvent = LogEvent | PresenceFrame;

export interface UsersFrame {
  readonly type: "users";
  readonly room: string;
  readonly seq: number;
  readonly users: readonly string[];
  readonly count: number;
  readonly id?: string;
}

export interface CaughtUpFrame {
  readonly type: "caught_up";
  readonly room: string;
  readonly seq: number;
  readonly hash: string;
  readonly first: number;
  readonly more: boolean;
  readonly id?: string;
}

export interface AckFrame {
  readonly type: "ack";
  readonly id: string;
  readonly room: string;
  readonly seq: number;
  readonly repeated?: boolean;
}

export interface HistoryFrame {
  readonly type: "history";
  readonly room: string;
  readonly events: readonly LogEvent[];
  readonly first: number | null;
  readonly last: number | null;
  readonly more_before: boolean;
  readonly more_after: boolean;
  readonly id?: string;
}

export interface ErrorFrame {
  readonly type: "error";
  readonly code: string;
  readonly message: string;
  readonly id?: string;
  /** Seconds after which it may work. */
  readonly retry_after?: number;
}

/** Who the server knows this client to be. */
export interface AuthFrame {
  readonly type: "auth";
  readonly subject: string;
  readonly username: string;
  readonly scope: readonly string[];
  readonly expires_at: string | null;
  readonly id?: string;
}

/** The token in use ends soon. */
export interface AuthExpiringFrame {
  readonly type: "auth_expiring";
  readonly expires_at: string;
  readonly id?: string;
}

export interface MemberListed {
  readonly username: string;
  readonly subject: string;
  readonly role: string;
  readonly since_seq: number;
  readonly until: string | null;
}

export interface MembersFrame {
  readonly type: "members";
  readonly room: string;
  readonly seq: number;
  readonly members: readonly MemberListed[];
  readonly more: boolean;
  readonly id?: string;
}

export interface PongFrame {
  readonly type: "pong";
  readonly id?: string;
}

export type Answer = UsersFrame | CaughtUpFrame | AckFrame | HistoryFrame | ErrorFrame | PongFrame
  | AuthFrame | AuthExpiringFrame | MembersFrame;
export type Frame = Answer | RoomEvent;

const ANSWERS = new Set(["users", "caught_up", "ack", "history", "error", "pong", "auth", "auth_expiring", "members"]);
const EVENTS: ReadonlySet<string> = new Set(EVENT_FRAMES);

export function isPresence(event: RoomEvent): event is PresenceEvent {
  return event.type === "notification" || event.type === "session";
}

export function isMessage(event: RoomEvent): event is MessageEvent {
  return "message" in event && !isPresence(event);
}

/** Whether a frame is of a room's log: an event or a digest. */
export function isEvent(frame: Frame): frame is RoomEvent {
  return !ANSWERS.has(frame.type);
}

/** The first seq that an event or a digest covers; its own `seq` is the last. */
export function firstSeq(event: RoomEvent): number {
  return event.type === "presence" ? event.from : event.seq;
}

/** Read one frame; null for anything that is none (a client ignores what it cannot read). */
export function parseFrame(text: string): Frame | null {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return null;
  }
  if (!isRecord(value)) return null;
  if (value["type"] === "history" && Array.isArray(value["events"]))
    return { ...value, events: value["events"].map(parseEvent).filter((event) => event !== null) } as unknown as HistoryFrame;
  if (typeof value["type"] === "string" && ANSWERS.has(value["type"])) return value as unknown as Answer;
  return value["type"] === "presence" ? parseDigest(value) : parseEvent(value);
}

function parseDigest(value: Record<string, unknown>): PresenceFrame | null {
  const { room, from, seq, hash, joined, left, count } = value;
  if (typeof room !== "string" || typeof hash !== "string" || !Array.isArray(joined) || !Array.isArray(left)) return null;
  if (![from, seq, count].every(Number.isSafeInteger) || (from as number) < 1 || (seq as number) < (from as number)) return null;
  return value as unknown as PresenceFrame;
}

/** Read one event of the log, as in a frame, a `history` or the HTTP API. */
export function parseEvent(value: unknown): LogEvent | null {
  if (!isRecord(value)) return null;
  const { type, room, seq, hash, at } = value;
  if (typeof type !== "string" || typeof room !== "string" || typeof hash !== "string" || typeof at !== "string") return null;
  if (!Number.isSafeInteger(seq) || (seq as number) < 1) return null;
  if (!EVENTS.has(type)) return { type: "unknown", room, seq: seq as number, hash, at };
  return value as unknown as LogEvent;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
