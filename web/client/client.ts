/**
 * A member of rooms on one server: one connection, one username, up to a hundred rooms.
 *
 * Frames come up through here and go to the room they are of; commands go down. The client
 * keeps rooms joined across lost connections; the rooms keep their own state.
 */
import { Connection, type ConnectionState } from "./connection.ts";
import { Credentials, type Identity, type TokenSource } from "./credentials.ts";
import { isEvent, parseFrame, type AckFrame, type Frame, type RoomEvent } from "./frames.ts";
import { memoryStorage, standardPlatform, type Platform, type SocketClass, type Storage } from "./platform.ts";
import { Requests } from "./requests.ts";
import { BACKLOG, Room, type JoinOptions, type Notice, type RoomLink } from "./room.ts";
import type { Role } from "./standing.ts";
import { uuid7 } from "./uuid7.ts";

/** The code by which a server closes that takes no frame as large as one that it got. */
const TOO_LARGE = 1009;

export interface ClientOptions {
  /** `ws://…/ws` or `wss://…/ws`. */
  readonly url: string;
  /** In token mode the server tells it. */
  readonly username?: string;
  /** Token mode: asked for a token at every connection and before the one in use ends. */
  readonly getToken?: TokenSource | null;
  /** Where unsent messages survive a reload; without it they live as long as the program. */
  readonly storage?: Storage;
  readonly platform?: Platform;
  /** Where the platform has none, such as Node 20: that of the package `ws`. */
  readonly WebSocket?: SocketClass;
  /** Something to show has changed: in one room, or the connection or the list of rooms (null). */
  readonly onChange?: (room: Room | null) => void;
  readonly onNotice?: (room: Room, notice: Notice) => void;
  /**
   * Each event of a room, once and in order. A room that is joined then replays nothing old, unless
   * `join` asks for it. Where `join` asked for digests, one may come in the place of joins and leaves.
   * (A method, so that a function for a `LogEvent` fits where no room was joined so.)
   */
  onEvent?(room: Room, event: RoomEvent): void;
}

export interface NewRoom {
  /** Not for a private room: the server names it. */
  readonly room?: string;
  readonly access?: "open" | "listed" | "private";
  readonly history?: "all" | "since_member";
  readonly topic?: string;
  /** Roles by subject. */
  readonly members?: Readonly<Record<string, Role>>;
}

export class Client {
  readonly rooms = new Map<string, Room>();
  username: string;
  /** In token mode: who this is, and by which token. */
  readonly credentials: Credentials;
  /** Every name it has had: events keep the one that held when they happened. */
  readonly #names = new Set<string>();
  readonly #platform: Platform;
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #link: RoomLink;
  readonly #onChange: (room: Room | null) => void;

  constructor(options: ClientOptions) {
    const platform = options.platform ?? standardPlatform(options.WebSocket);
    this.#platform = platform;
    this.username = options.username ?? "";
    this.#names.add(this.username);
    this.#onChange = options.onChange ?? (() => {});
    this.#connection = new Connection(options.url, platform, {
      onState: () => this.#onChange(null),
      onOpen: () => {
        if (this.credentials.getToken) this.credentials.opened();
        else this.#begin();
      },
      onText: (text) => this.#receive(text),
      onLost: (code) => {
        this.credentials.lost();
        this.#requests.lost();
        if (code === TOO_LARGE) this.#refuseLargest();
        for (const room of this.rooms.values()) room.lost();
        const { connection: state, credentials } = this;
        if (state.is === "refused" && state.code === 4401 && credentials.getToken) void credentials.refused();
      },
    });
    this.credentials = new Credentials(options.getToken ?? null, {
      ask: (command) => this.#requests.ask(command),
      accepted: (identity, isFirst) => this.#accepted(identity, isFirst),
      restart: () => this.#connection.start(),
      changed: () => this.#onChange(null),
    });
    this.#requests = new Requests(platform, (command) => this.#connection.send(command));
    this.#link = {
      platform,
      storage: options.storage ?? memoryStorage(),
      username: () => this.username,
      isMine: (username) => this.#names.has(username),
      identity: () => this.credentials.getToken ? this.credentials.identity : null,
      ended: (cause) => { this.credentials.ended = cause; },
      send: (command) => this.#connection.send(command),
      ask: (command) => this.#requests.ask(command),
      reconnect: () => this.#connection.retry(),
      changed: (room) => this.#onChange(room),
      backlog: options.onEvent ? 0 : BACKLOG,
      heard: (room, event) => options.onEvent?.(room, event),
      noticed: (room, notice) => options.onNotice?.(room, notice),
    };
  }

  get connection(): ConnectionState {
    return this.#connection.state;
  }

  start(): void {
    this.#connection.start();
  }

  /** Close the connection. Unsent messages stay in storage. */
  stop(): void {
    this.#connection.stop();
    this.credentials.lost();
    this.#requests.lost();
    for (const room of this.rooms.values()) room.lost();
  }

  /** Find out at once how things stand: the network came back, or a tab is looked at again. */
  wake(): void {
    this.#connection.wake();
  }

  /**
   * Be in this room from now on. `after` and `hash` continue after an event of an earlier life, and
   * `backlog` is how many messages are replayed otherwise. `read`, alone or among the options: the last
   * seq that was read. In a room that is joined already they count for nothing.
   */
  join(name: string, options: JoinOptions | number | null = null): Room {
    const known = this.rooms.get(name);
    if (known) return known;
    const room = new Room(name, typeof options === "number" ? { read: options } : options ?? {}, this.#link);
    this.rooms.set(name, room);
    if (this.#mayJoin) room.join();
    this.#onChange(null);
    return room;
  }

  /** Sent again, it would be answered in the same way. */
  #refuseLargest(): void {
    const sent = [...this.rooms.values()].flatMap(({ outbox }) => outbox.pending.filter(({ state }) => state === "sent"));
    const largest = sent.sort((a, b) => b.message.length - a.message.length)[0];
    if (!largest) return;
    const why = "The server takes no message as large as this one.";
    this.rooms.get(largest.room)?.outbox.refused(largest.id, "message_too_long", why);
  }

  newId(): string {
    return uuid7(this.#platform.now(), this.#platform.randomBytes(10));
  }

  /** Make a room; resolves to its name. Try again under the same id where the outcome was unclear. */
  async create(room: NewRoom, id = this.newId()): Promise<string> {
    return (await this.#requests.ask({ type: "create", ...room }, id) as AckFrame).room;
  }

  leave(name: string): void {
    this.rooms.get(name)?.leave();
    this.rooms.delete(name);
    this.#onChange(null);
  }

  /** Ask to be let in again where a room refused. */
  rejoin(room: Room): void {
    if (this.#mayJoin) room.join();
  }

  /** Become somebody else. A connection has one name, so this takes a new one. */
  rename(username: string): void {
    if (username === this.username) return;
    this.#become(username);
    if (this.connection.is !== "idle") this.#connection.restart();
    this.#onChange(null);
  }

  /** Connected, and signed in where that is needed. */
  get #mayJoin(): boolean {
    return this.connection.is === "open" && (this.credentials.getToken === null || this.credentials.isSignedIn);
  }

  #begin(): void {
    for (const room of this.rooms.values()) if (room.state.is !== "removed") room.join();
  }

  #accepted({ username }: Identity, isFirst: boolean): void {
    if (this.username === "") this.#become(username);
    // Another name of the same person: what is on its way stays, and goes out under it.
    this.username = username;
    this.#names.add(username);
    if (isFirst) this.#begin();
    this.#onChange(null);
  }

  #become(username: string): void {
    this.username = username;
    this.#names.add(username);
    for (const room of this.rooms.values()) room.rename(username);
  }

  #receive(text: string): void {
    const frame = parseFrame(text);
    if (frame !== null) this.#dispatch(frame);
  }

  #dispatch(frame: Frame): void {
    if (isEvent(frame)) return this.rooms.get(frame.room)?.event(frame);
    switch (frame.type) {
      case "users":
        if (!this.#requests.answer(frame)) this.rooms.get(frame.room)?.users(frame);
        break;
      case "caught_up":
        this.rooms.get(frame.room)?.caughtUp(frame);
        this.#requests.answer(frame);
        break;
      case "ack":
        this.rooms.get(frame.room)?.acknowledged(frame.id, frame.seq);
        this.#requests.answer(frame);
        break;
      case "error":
        // A chat's error names its id only: it belongs to the room whose outbox knows it.
        if (!this.#requests.answer(frame) && frame.id !== undefined)
          for (const room of this.rooms.values()) room.refused(frame.id, frame.code, frame.message, frame.retry_after);
        break;
      case "auth":
        if (!this.#requests.answer(frame)) this.credentials.accept(frame); // the handshake has signed in
        break;
      case "auth_expiring":
        this.credentials.expiring(frame.expires_at);
        break;
      default:
        this.#requests.answer(frame);
    }
  }
}
