/** The public face of the package: see README.md. */
export { Client, type ClientOptions, type NewRoom } from "./client.ts";
export { Credentials, type Identity, type TokenSource, type TokenWanted } from "./credentials.ts";
export { Connection, type ConnectionState } from "./connection.ts";
export { EVENT_TYPES, firstSeq, isEvent, isMessage, isPresence, parseEvent, parseFrame } from "./frames.ts";
export type * from "./frames.ts";
export { Outbox, type Pending } from "./outbox.ts";
export { memoryStorage, standardPlatform, type Platform, type Socket, type SocketClass, type Storage } from "./platform.ts";
export { Refused, Unreachable } from "./requests.ts";
export { Room, type JoinOptions, type Notice, type RoomState, type Whom } from "./room.ts";
export { Roster, byCodePoint } from "./roster.ts";
export { OPEN_ROOM, ROLES, Standing, isAtLeast, type Role, type Rules } from "./standing.ts";
export { Timeline, type Mark } from "./timeline.ts";
export { Unread } from "./unread.ts";
export { uuid7 } from "./uuid7.ts";
