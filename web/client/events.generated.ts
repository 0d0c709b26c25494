/**
 * The frames of each kind of event, digests, and the commands of clients that append an event.
 *
 * Written by `python -m docs.render` from chatlog/kinds and chatlog/wire/presence.py: edit those.
 */

/** A message of a person; `id` is its author's. */
export interface ChatFrame {
  readonly type: "chat";
  readonly room: string;
  readonly seq: number;
  readonly hash: string;
  /** UTC, RFC 3339 with microseconds. */
  readonly at: string;
  readonly id?: string;
  /** By which door it came, if not over a socket. */
  readonly via?: string;
  readonly username: string;
  readonly message: string;
  readonly erased?: boolean;
}

/** A user arrived or departed: the first of their sessions began, or the last ended. */
export interface JoinFrame {
  readonly type: "notification";
  readonly event: "join" | "leave";
  readonly room: string;
  readonly seq: number;
  readonly hash: string;
  /** UTC, RFC 3339 with microseconds. */
  readonly at: string;
  /** By which door it came, if not over a socket. */
  readonly via?: string;
  readonly username: string;
  /** The user's open sessions after the event. */
  readonly sessions: number;
  readonly cause?: string;
  /** When the session was last known to be open, if its server died. */
  readonly last_seen_at?: string;
  readonly by?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly erased?: boolean;
}

/** A further session of a present user began or ended. */
export interface SessionFrame {
  readonly type: "session";
  readonly event: "join" | "leave";
  readonly room: string;
  readonly seq: number;
  readonly hash: string;
  /** UTC, RFC 3339 with microseconds. */
  readonly at: string;
  /** By which door it came, if not over a socket. */
  readonly via?: string;
  readonly username: string;
  /** The user's open sessions after the event. */
  readonly sessions: number;
  readonly cause?: string;
  /** When the session was last known to be open, if its server died. */
  readonly last_seen_at?: string;
  readonly by?: string;
  readonly reason?: string;
  readonly erased?: boolean;
}

/** The content of other events was erased. */
export interface ErasureFrame {
  readonly type: "erasure";
  readonly room: string;
  readonly seq: number;
  readonly hash: string;
  /** UTC, RFC 3339 with microseconds. */
  readonly at: string;
  /** By which door it came, if not over a socket. */
  readonly via?: string;
  readonly of: readonly number[];
  readonly username: string;
}

/** The whole state of a room after the event; `username` is who changed it. */
export interface RoomFrame {
  readonly type: "room";
  readonly room: string;
  readonly seq: number;
  readonly hash: string;
  readonly at: string;
  /** By which door it came, if not over a socket. */
  readonly via?: string;
  readonly access: string;
  readonly history: string;
  readonly topic: string;
  readonly locked: boolean;
  readonly username: string;
  readonly erased?: boolean;
}

/** Somebody got a role: `member` is about whom it is, `username` who gave it. */
export interface MemberFrame {
  readonly type: "member";
  readonly room: string;
  readonly seq: number;
  readonly hash: string;
  readonly at: string;
  /** By which door it came, if not over a socket. */
  readonly via?: string;
  readonly member: string;
  readonly subject: string;
  readonly role: string;
  readonly until?: string;
  readonly username?: string;
  readonly reason?: string;
  readonly erased?: boolean;
}

/**
 * A run of joins and leaves, `from` one seq to another, for clients who asked for digests.
 *
 * `joined` and `left` name the users who arrived and departed within the run, by code point;
 * `hash` is that of the event at `seq`, `count` the number of users present after it.
 */
export interface PresenceFrame {
  readonly type: "presence";
  readonly room: string;
  readonly from: number;
  readonly seq: number;
  readonly hash: string;
  readonly joined: readonly string[];
  readonly left: readonly string[];
  readonly count: number;
}

export type EventFrame = ChatFrame | JoinFrame | SessionFrame | ErasureFrame | RoomFrame | MemberFrame;

/** The `type` of each frame. */
export const EVENT_FRAMES = ["chat", "notification", "session", "erasure", "room", "member"] as const;

/** Types of events, as in filters. */
export const EVENT_TYPES = ["chat", "join", "leave", "erasure", "room", "member"] as const;

/** Say something. */
export interface ChatRequest {
  readonly type: "chat";
  readonly room?: string;
  readonly id?: string;
  readonly message: string;
}

export type EventRequest = ChatRequest;
