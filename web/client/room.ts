/**
 * One room as its member sees it: events, people, unread count and messages on their way.
 *
 * It joins whenever there is a connection, continues after the last event it has, and starts
 * afresh, saying so, where the log behind it is no longer the one it saw.
 */
import { isPresence, type CaughtUpFrame, type ChatRequest, type ErasureFrame, type HistoryFrame, type LogEvent, type UsersFrame } from "./frames.ts";
import { RESEND, delay } from "./backoff.ts";
import { Outbox, PASSING } from "./outbox.ts";
import type { Platform, Storage, Timer } from "./platform.ts";
import { Refused, Unreachable } from "./requests.ts";
import { Roster } from "./roster.ts";
import { Timeline } from "./timeline.ts";
import { Unread } from "./unread.ts";

export type RoomState =
  /** No connection, or not asked yet. */
  | { readonly is: "away" }
  | { readonly is: "joining" }
  | { readonly is: "live" }
  | { readonly is: "refused"; readonly code: string; readonly message: string };

export type Notice =
  /** So many messages of others were missed and have come in. */
  | { readonly is: "recovered"; readonly count: number }
  /** The log is another one than before: what was shown is gone. */
  | { readonly is: "reset" };

/** What a room needs of the client it belongs to. */
export interface RoomLink {
  readonly platform: Platform;
  readonly storage: Storage;
  username(): string;
  send(command: object): boolean;
  ask(command: object): Promise<{ readonly type: string }>;
  reconnect(): void;
  changed(room: Room): void;
  noticed(room: Room, notice: Notice): void;
}

export const HISTORY_LIMIT = 100;
const BACKLOG = 100;
/** A page asks again with every scroll: a server that says no is given this much rest. */
const REFUSED_MILLISECONDS = 2_000;

export class Room {
  readonly name: string;
  readonly timeline = new Timeline();
  readonly roster = new Roster();
  readonly unread: Unread;
  readonly outbox: Outbox;
  state: RoomState = { is: "away" };
  /** A page of history is under way. */
  loading: "older" | "newer" | "around" | null = null;
  readonly #link: RoomLink;
  /** Whether this log has been followed live before, so that what comes in was missed. */
  #known = false;
  #missed = 0;
  #attempt = 0;
  /** No page of history is asked for before this: the last one was refused. */
  #loadFrom = 0;
  #retry: Timer = null;

  /** `read`: the last seq read in an earlier life; null if the room is new to the reader. */
  constructor(name: string, read: number | null, link: RoomLink) {
    this.name = name;
    this.#link = link;
    this.unread = new Unread(read, (username) => username === link.username());
    this.outbox = new Outbox(name, link.username(), link.platform, link.storage,
      ({ id, message }) => link.send({ type: "chat", room: name, id, message } satisfies ChatRequest), () => link.changed(this));
  }

  /** Show at once, store, and send as soon as there is somebody to send to. */
  send(message: string): void {
    this.outbox.add(this.#link.username(), message);
  }

  markRead(seq: number): void {
    if (this.unread.markRead(seq, this.timeline.since(seq))) this.#link.changed(this);
  }

  async loadOlder(): Promise<void> {
    const { first, moreBefore } = this.timeline;
    if (first === null || !moreBefore) return;
    await this.#load("older", { before: first }, (page) => this.timeline.prepend(page.events));
  }

  async loadNewer(): Promise<void> {
    const { last, atPresent } = this.timeline;
    if (last === null || atPresent) return;
    await this.#load("newer", { after: last }, (page) => this.timeline.extend(page.events));
  }

  /** Look at the events around a seq; false if there is none with that seq. */
  async showAround(seq: number): Promise<boolean> {
    if (this.timeline.find(seq)) return true;
    await this.#load("around", { around: seq }, (page) => this.timeline.show(page.events));
    return this.timeline.find(seq) !== null;
  }

  /** Called by the client with each new connection. */
  join(): void {
    const head = this.timeline.head;
    this.#link.platform.stopTimer(this.#retry);
    this.#become({ is: "joining" });
    this.#missed = 0;
    const from = head ? { after: head.seq, hash: head.hash } : { backlog: BACKLOG };
    this.#link.ask({ type: "join", room: this.name, username: this.#link.username(), ...from })
      .catch((error: unknown) => this.#joinFailed(error));
  }

  /** Leave in the log as well; the client forgets the room. */
  leave(): void {
    this.outbox.pause();
    this.#link.platform.stopTimer(this.#retry);
    this.#link.send({ type: "leave", room: this.name });
  }

  /** Start afresh under another name, on the next connection. */
  rename(username: string): void {
    this.outbox.load(username);
    this.unread.markRead(this.timeline.head?.seq ?? 0, []);
  }

  lost(): void {
    this.outbox.pause();
    this.#link.platform.stopTimer(this.#retry);
    this.loading = null;
    if (this.state.is !== "refused") this.#become({ is: "away" });
  }

  event(event: LogEvent): void {
    const taken = this.timeline.append(event);
    if (taken === "gap") return this.#link.reconnect(); // never by the contract; a resume mends it
    if (taken === "known") return;
    this.unread.add(event);
    if (event.type === "chat") {
      const mine = event.username === this.#link.username();
      if (mine && event.id !== undefined) this.outbox.placed(event.id);
      if (!mine && this.#known && this.state.is === "joining") this.#missed++;
    } else if (event.type === "erasure") void this.#refresh(event);
    else if (isPresence(event) && this.state.is === "live") this.roster.apply(event);
    this.outbox.passed(event.seq);
    this.#link.changed(this);
  }

  users(frame: UsersFrame): void {
    this.roster.replace(frame);
    this.#link.changed(this);
  }

  caughtUp(frame: CaughtUpFrame): void {
    this.unread.begin(frame.seq);
    if (!this.#known) {
      if (this.unread.read > frame.seq) this.#forget(); // read further than the log now is
      this.unread.atLeast = this.unread.count > 0 && (this.timeline.tailFirst ?? 1) > this.unread.read + 1;
    }
    this.#known = true;
    this.#attempt = 0;
    this.#become({ is: "live" });
    if (this.#missed > 0) this.#link.noticed(this, { is: "recovered", count: this.#missed });
    this.outbox.resume();
  }

  acknowledged(id: string, seq: number): void {
    this.outbox.acknowledged(id, seq, this.timeline.head?.seq ?? 0);
  }

  refused(id: string, code: string, message: string): void {
    const mine = this.outbox.refused(id, code, message);
    if (mine && code === "not_joined" && this.state.is === "live") this.join();
  }

  #joinFailed(error: unknown): void {
    if (error instanceof Unreachable) {
      if (this.state.is === "joining") this.#link.reconnect();
    } else if (!(error instanceof Refused)) throw error;
    else if (error.code === "after_unknown" || error.code === "diverged") {
      this.#known = false;
      this.timeline.clear();
      this.roster.clear();
      this.#forget();
      this.join();
    } else if (error.code === "outcome_unknown" || error.code === "already_joined") this.#link.reconnect();
    else if (PASSING.has(error.code) || error.code === "storage_full") {
      const wait = delay(RESEND, this.#attempt++, this.#link.platform.random());
      this.#retry = this.#link.platform.startTimer(() => this.join(), wait);
    } else this.#become({ is: "refused", code: error.code, message: error.message });
  }

  #forget(): void {
    this.unread.reset();
    this.#link.noticed(this, { is: "reset" });
  }

  async #load(what: NonNullable<Room["loading"]>, place: object, take: (page: HistoryFrame) => void): Promise<void> {
    if (this.loading || this.#link.platform.now() < this.#loadFrom) return;
    this.loading = what;
    this.#link.changed(this);
    const { generation } = this.timeline;
    try {
      const page = await this.#history(place, HISTORY_LIMIT);
      if (this.timeline.generation === generation) take(page);
    } catch (error) {
      // Anything else is a fault of this program.
      if (!(error instanceof Unreachable || error instanceof Refused)) throw error;
      this.#loadFrom = this.#link.platform.now() + REFUSED_MILLISECONDS;
    } finally {
      this.loading = null;
      this.#link.changed(this);
    }
  }

  /** An erasure is shown at once; erased names are in the server's answer only. */
  async #refresh({ of }: ErasureFrame): Promise<void> {
    const inMemory = of.filter((seq) => this.timeline.find(seq));
    const first = Math.min(...inMemory), last = Math.max(...inMemory);
    if (inMemory.length === 0 || last - first >= 500) return;
    try {
      const page = await this.#history({ after: first - 1 }, last - first + 1);
      this.timeline.replace(page.events);
      this.#link.changed(this);
    } catch {
      // The texts are blank already; the names follow with the next reload.
    }
  }

  async #history(place: object, limit: number): Promise<HistoryFrame> {
    const answer = await this.#link.ask({ type: "history", room: this.name, limit, ...place });
    if (answer.type !== "history") throw new Refused("bad_answer", `Expected history, got ${answer.type}.`);
    return answer as HistoryFrame;
  }

  #become(state: RoomState): void {
    this.state = state;
    this.#link.changed(this);
  }
}
