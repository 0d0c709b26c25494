/**
 * A member of rooms on one server: one connection, one username, up to a hundred rooms.
 *
 * Frames come up through here and go to the room they are of; commands go down. The client
 * keeps rooms joined across lost connections; the rooms keep their own state.
 */
import { Connection, type ConnectionState } from "./connection.ts";
import { isEvent, parseFrame, type Frame } from "./frames.ts";
import { memoryStorage, standardPlatform, type Platform, type Storage } from "./platform.ts";
import { Requests } from "./requests.ts";
import { Room, type Notice, type RoomLink } from "./room.ts";

export interface ClientOptions {
  /** `ws://…/ws` or `wss://…/ws`. */
  readonly url: string;
  readonly username: string;
  /** Where unsent messages survive a reload; without it they live as long as the program. */
  readonly storage?: Storage;
  readonly platform?: Platform;
  /** Something to show has changed: in one room, or the connection or the list of rooms (null). */
  readonly onChange?: (room: Room | null) => void;
  readonly onNotice?: (room: Room, notice: Notice) => void;
}

export class Client {
  readonly rooms = new Map<string, Room>();
  username: string;
  readonly #connection: Connection;
  readonly #requests: Requests;
  readonly #link: RoomLink;
  readonly #onChange: (room: Room | null) => void;

  constructor(options: ClientOptions) {
    const platform = options.platform ?? standardPlatform();
    this.username = options.username;
    this.#onChange = options.onChange ?? (() => {});
    this.#connection = new Connection(options.url, platform, {
      onState: () => this.#onChange(null),
      onOpen: () => { for (const room of this.rooms.values()) room.join(); },
      onText: (text) => this.#receive(text),
      onLost: () => {
        this.#requests.lost();
        for (const room of this.rooms.values()) room.lost();
      },
    });
    this.#requests = new Requests(platform, (command) => this.#connection.send(command));
    this.#link = {
      platform,
      storage: options.storage ?? memoryStorage(),
      username: () => this.username,
      send: (command) => this.#connection.send(command),
      ask: (command) => this.#requests.ask(command),
      reconnect: () => this.#connection.retry(),
      changed: (room) => this.#onChange(room),
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
    this.#requests.lost();
    for (const room of this.rooms.values()) room.lost();
  }

  /** Find out at once how things stand: the network came back, or a tab is looked at again. */
  wake(): void {
    this.#connection.wake();
  }

  /** Be in this room from now on; `read` is the last seq that was read in an earlier life, if any. */
  join(name: string, read: number | null = null): Room {
    const known = this.rooms.get(name);
    if (known) return known;
    const room = new Room(name, read, this.#link);
    this.rooms.set(name, room);
    if (this.connection.is === "open") room.join();
    this.#onChange(null);
    return room;
  }

  leave(name: string): void {
    this.rooms.get(name)?.leave();
    this.rooms.delete(name);
    this.#onChange(null);
  }

  /** Ask to be let in again where a room refused. */
  rejoin(room: Room): void {
    if (this.connection.is === "open") room.join();
  }

  /** Become somebody else. A connection has one name, so this takes a new one. */
  rename(username: string): void {
    if (username === this.username) return;
    this.username = username;
    for (const room of this.rooms.values()) room.rename(username);
    if (this.connection.is !== "idle") this.#connection.restart();
    this.#onChange(null);
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
          for (const room of this.rooms.values()) room.refused(frame.id, frame.code, frame.message);
        break;
      default:
        this.#requests.answer(frame);
    }
  }
}
