/**
 * One room as its member sees it: events, people, unread count and messages on their way.
 *
 * It joins whenever there is a connection, continues after the last event it has, and starts
 * afresh, saying so, where the log behind it is no longer the one it saw.
 */
import { isPresence, type CaughtUpFrame, type ChatRequest, type ErasureFrame, type HistoryFrame, type MemberListed,
  type MembersFrame, type PresenceEvent, type RoomEvent, type UsersFrame } from "./frames.ts";
import { RESEND, delay } from "./backoff.ts";
import type { Identity } from "./credentials.ts";
import { Outbox, PASSING, type Pending } from "./outbox.ts";
import type { Platform, Storage, Timer } from "./platform.ts";
import { Refused, Unreachable } from "./requests.ts";
import { Roster } from "./roster.ts";
import { Standing, type Role, type Rules } from "./standing.ts";
import { Timeline } from "./timeline.ts";
import { Unread } from "./unread.ts";

export type RoomState =
  /** No connection, or not asked yet. */
  | { readonly is: "away" }
  | { readonly is: "joining" }
  | { readonly is: "live" }
  | { readonly is: "refused"; readonly code: string; readonly message: string }
  /** Put out by somebody, or by a role that ran out (`by` null): only a person joins again. */
  | { readonly is: "removed"; readonly by: string | null; readonly reason: string | null };

/** Whom an order is about: one of the two. */
export type Whom = { readonly subject: string } | { readonly username: string };

export interface JoinOptions {
  /** Continue after this event, of an earlier life; both or neither. */
  readonly after?: number;
  readonly hash?: string;
  /** How many messages are replayed, with what lies between them, if there is nothing to continue after. */
  readonly backlog?: number;
  /** The last seq that was read; without it, the room is new to the reader. */
  readonly read?: number | null;
  /**
   * `digest`, for rooms of thousands: on every connection, joins and leaves in a row may come as one
   * `presence` frame. `roster` stays right; further sessions, and why somebody left, are in the history only.
   */
  readonly presence?: "full" | "digest";
}

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
  isMine(username: string): boolean;
  /** Null in open mode. */
  identity(): Identity | null;
  /** The token ran out or was revoked; the connection is about to be closed. */
  ended(cause: "expired" | "revoked"): void;
  send(command: object): boolean;
  ask(command: object): Promise<{ readonly type: string }>;
  reconnect(): void;
  changed(room: Room): void;
  noticed(room: Room, notice: Notice): void;
  /** How many messages are replayed where nothing else is said. */
  readonly backlog: number;
  heard(room: Room, event: RoomEvent): void;
}

export const HISTORY_LIMIT = 100;
export const BACKLOG = 100;
/** A page asks again with every scroll: a server that says no is given this much rest. */
const REFUSED_MILLISECONDS = 2_000;
const MEMBERS_LIMIT = 500;
const MOST_MEMBERS = 10_000;

export class Room {
  readonly name: string;
  readonly timeline = new Timeline();
  readonly roster = new Roster();
  /** Roles and the room's state; nothing in open mode. */
  readonly standing = new Standing();
  readonly unread: Unread;
  readonly outbox: Outbox;
  state: RoomState = { is: "away" };
  /** A page of history is under way. */
  loading: "older" | "newer" | "around" | null = null;
  readonly #link: RoomLink;
  readonly #backlog: number;
  readonly #presence: "full" | "digest";
  /** Whether this log has been followed live before, so that what comes in was missed. */
  #known = false;
  #missed = 0;
  /** Joined, and no event of it has come yet. */
  #isReplaying = false;
  #attempt = 0;
  /** No page of history is asked for before this: the last one was refused. */
  #loadFrom = 0;
  #retry: Timer = null;

  constructor(name: string, { after, hash, backlog, read = null, presence = "full" }: JoinOptions, link: RoomLink) {
    if ((after === undefined) !== (hash === undefined)) throw new TypeError("Give both `after` and `hash`, or neither.");
    this.name = name;
    this.#link = link;
    this.#backlog = backlog ?? link.backlog;
    this.#presence = presence;
    if (after !== undefined && hash !== undefined) this.timeline.head = { seq: after, hash };
    this.unread = new Unread(read, link.isMine);
    this.outbox = new Outbox(name, link.username(), link.platform, link.storage,
      ({ id, message }) => link.send({ type: "chat", room: name, id, message } satisfies ChatRequest), () => link.changed(this));
  }

  /**
   * Show at once, store, and send as soon as there is somebody to send to. An `id` of one's own (1 to
   * 64 characters) appends the message once, however often it is sent, in this life or another.
   */
  send(message: string, { id }: { readonly id?: string } = {}): Pending {
    return this.outbox.add(this.#link.username(), message, id);
  }

  markRead(seq: number): void {
    if (this.unread.markRead(seq, this.timeline.since(seq))) this.#link.changed(this);
  }

  async loadOlder(): Promise<void> {
    const { first, moreBefore } = this.timeline;
    if (first === null || !moreBefore) return;
    await this.#load("older", { before: first }, (page) => {
      if (!page.more_before) this.timeline.beginning = page.first ?? first;
      this.timeline.prepend(page.events);
    });
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
    this.#isReplaying = true;
    const from = head ? { after: head.seq, hash: head.hash } : { backlog: this.#backlog };
    const as = this.#link.identity() ? {} : { username: this.#link.username() };
    const how = this.#presence === "full" ? {} : { presence: this.#presence };
    this.#link.ask({ type: "join", room: this.name, ...as, ...from, ...how })
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
    if (this.state.is !== "refused" && this.state.is !== "removed") this.#become({ is: "away" });
  }

  event(event: RoomEvent): void {
    let taken = this.timeline.append(event);
    if (taken === "gap" && this.#isReplaying && this.#link.identity()) {
      this.timeline.clear(); // for a new role the room begins here, later than what was seen
      taken = this.timeline.append(event);
    }
    this.#isReplaying = false;
    if (taken === "gap") return this.#link.reconnect(); // never by the contract; a resume mends it
    if (taken === "known") return;
    this.unread.add(event);
    this.standing.apply(event);
    if (event.type === "chat") {
      const mine = this.#link.isMine(event.username);
      if (mine && event.id !== undefined) this.outbox.placed(event.id);
      if (!mine && this.#known && this.state.is === "joining") this.#missed++;
    } else if (event.type === "erasure") {
      void this.#refresh(event);
      if (this.standing.isLoaded) void this.loadStanding(); // a topic may be gone
    } else if (event.type === "presence") {
      if (this.state.is === "live") this.roster.applyDigest(event);
      if (event.joined.some((name) => this.standing.mayBeUnnamed(name))) void this.loadStanding();
    } else if (isPresence(event)) {
      if (event.event === "join" && this.standing.mayBeUnnamed(event.username)) void this.loadStanding();
      if (this.state.is === "live") this.roster.apply(event);
      if (event.event === "leave" && this.state.is === "live" && this.#link.isMine(event.username)) this.#ended(event);
    }
    this.outbox.passed(event.seq);
    this.#link.changed(this);
    this.#link.heard(this, event);
  }

  users(frame: UsersFrame): void {
    this.roster.replace(frame);
    this.#link.changed(this);
  }

  caughtUp(frame: CaughtUpFrame): void {
    this.#isReplaying = false;
    if (!frame.more) this.timeline.beginning = frame.first;
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

  refused(id: string, code: string, message: string, retryAfter?: number): void {
    const mine = this.outbox.refused(id, code, message, retryAfter);
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
      this.standing.clear();
      this.#forget();
      this.join();
    } else if (error.code === "outcome_unknown" || error.code === "already_joined") this.#link.reconnect();
    else if (PASSING.has(error.code) || error.code === "storage_full") {
      const wait = Math.max(1000 * (error.retryAfter ?? 0), delay(RESEND, this.#attempt++, this.#link.platform.random()));
      this.#retry = this.#link.platform.startTimer(() => this.join(), wait);
    } else this.#become({ is: "refused", code: error.code, message: error.message });
  }

  /** Ask for the room's state and its members; events keep them up afterwards. */
  async loadStanding(): Promise<void> {
    try {
      this.standing.loading();
      const states = (await this.#link.ask({ type: "history", room: this.name, limit: 1, types: ["room"] }) as HistoryFrame).events;
      const members: MemberListed[] = [];
      let page: MembersFrame;
      do {
        const after = members.at(-1)?.subject;
        page = await this.#link.ask({ type: "members", room: this.name, limit: MEMBERS_LIMIT, ...(after !== undefined && { after }) }) as MembersFrame;
        members.push(...page.members);
      } while (page.more && members.length < MOST_MEMBERS);
      const state = states.at(-1);
      this.standing.replace(state?.type === "room" ? state : null, members, page.seq);
    } catch (error) {
      if (!(error instanceof Unreachable || error instanceof Refused)) throw error;
    }
    this.#link.changed(this);
  }

  configure(change: Partial<Rules>): Promise<void> {
    return this.#order({ type: "room", ...change });
  }

  /** `until`: RFC 3339; from then on the role before it counts again. */
  appoint(whom: Whom, role: Role, more: { readonly until?: string; readonly reason?: string } = {}): Promise<void> {
    return this.#order({ type: "member", ...whom, role, ...more });
  }

  kick(whom: Whom, reason: string): Promise<void> {
    return this.#order({ type: "kick", ...whom, reason });
  }

  redact(of: readonly number[], reason: string): Promise<void> {
    return this.#order({ type: "redact", of, reason });
  }

  async #order(command: object): Promise<void> {
    await this.#link.ask({ room: this.name, ...command });
  }

  /** One of this user's own sessions has ended: a kick ends all, a token its own. */
  #ended({ cause, by, reason }: PresenceEvent): void {
    if (cause === "expired" || cause === "revoked") this.#link.ended(cause);
    if (cause !== "kicked") return;
    this.outbox.pause();
    this.roster.clear();
    this.#become({ is: "removed", by: by ?? null, reason: reason ?? null });
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
    // Later room events repeat the topic of the one that set it.
    const repeats = this.timeline.events.filter((event) => event.type === "room" && event.topic !== "" && event.seq > of[0]!).map(({ seq }) => seq);
    const inMemory = [...of, ...repeats].filter((seq) => this.timeline.find(seq));
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
