/**
 * Messages on their way: kept from the moment they are written until the log has them.
 *
 * Each is stored before it is sent, under an id that never changes, and sent one after the
 * other so that a delayed one does not fall behind its successor. Whatever is unclear (a lost
 * connection, `outcome_unknown`, silence) is settled by sending the same id again: the server
 * appends it once and only once.
 *
 * Knows nothing of sockets: `send` is told by `resume` and `pause` when there is somebody to
 * send to, and everything heard comes through `acknowledged`, `refused` and `placed`.
 */
import { RESEND, delay } from "./backoff.ts";
import type { Platform, Storage, Timer } from "./platform.ts";
import { uuid7 } from "./uuid7.ts";

export interface Pending {
  readonly id: string;
  readonly room: string;
  readonly username: string;
  readonly message: string;
  /** When it was written, milliseconds since 1970. */
  readonly written: number;
  /** `waiting` to be sent (again), `sent` and not answered, `placed` in the log, `refused`. */
  readonly state: "waiting" | "sent" | "placed" | "refused";
  /** Why it was refused, or why it is being sent again. */
  readonly error?: { readonly code: string; readonly message: string };
  readonly seq?: number;
}

/** Errors that pass by themselves: the message stays and is sent again. */
export const PASSING = new Set(["outcome_unknown", "overloaded", "unavailable", "rate_limited"]);
const ANSWER_MILLISECONDS = 10_000;
const KEY = "out:";
const UUID = /^[\da-f]{8}-[\da-f]{4}-7[\da-f]{3}-[\da-f]{4}-[\da-f]{12}$/;

export class Outbox {
  #pending: Pending[] = [];
  #ready = false;
  #attempt = 0;
  /** Waiting out a refusal that passes. */
  #held = false;
  #timer: Timer = null;
  readonly #room: string;
  readonly #platform: Platform;
  readonly #storage: Storage;
  readonly #send: (pending: Pending) => boolean;
  readonly #changed: () => void;

  constructor(room: string, username: string, platform: Platform, storage: Storage,
    send: (pending: Pending) => boolean, changed: () => void) {
    this.#room = room;
    this.#platform = platform;
    this.#storage = storage;
    this.#send = send;
    this.#changed = changed;
    this.load(username);
  }

  /** In the order written. */
  get pending(): readonly Pending[] {
    return this.#pending;
  }

  /** Take what an earlier page left unsent under this name. */
  load(username: string): void {
    this.pause();
    this.#pending = this.#storage.keys().filter((key) => key.startsWith(KEY))
      .map((key) => readStored(this.#storage.get(key)))
      .filter((stored) => stored !== null && stored.room === this.#room && stored.username === username)
      .map((stored) => ({ ...stored!, state: "waiting" as const }))
      .sort((a, b) => a.written - b.written || (a.id < b.id ? -1 : 1)); // a UUIDv7 begins with its time
  }

  /** `given`: an id of the caller's; one that is on its way already stays as it is. */
  add(username: string, message: string, given?: string): Pending {
    const known = this.#pending.find(({ id }) => id === given);
    if (known) return known;
    const written = this.#platform.now();
    const id = given ?? uuid7(written, this.#platform.randomBytes(10));
    const pending: Pending = { id, room: this.#room, username, message, written, state: "waiting" };
    this.#store(pending);
    this.#pending = [...this.#pending, pending];
    this.#changed();
    this.#pump();
    return pending;
  }

  /** Send a refused message again. An id that belongs to another text is given up for a new one. */
  retry(id: string): void {
    const found = this.#pending.find((pending) => pending.id === id && pending.state === "refused");
    if (!found) return;
    if (found.error?.code === "id_conflict") {
      this.drop(id);
      this.add(found.username, found.message);
    } else {
      this.#update(id, { state: "waiting" });
      this.#pump();
    }
  }

  /** Give a message up. One that was sent may be in the log all the same. */
  drop(id: string): void {
    this.#storage.remove(this.#keyOf(id));
    this.#pending = this.#pending.filter((pending) => pending.id !== id);
    this.#changed();
    this.#pump();
  }

  /** The room is joined and replayed: what is still here is not in the log, or unknown. */
  resume(): void {
    this.#ready = true;
    this.#held = false;
    this.#attempt = 0;
    this.#pending = this.#pending.map((pending) => (pending.state === "sent" ? { ...pending, state: "waiting" } : pending));
    this.#pump();
  }

  /** The connection is gone. */
  pause(): void {
    this.#ready = false;
    this.#platform.stopTimer(this.#timer);
  }

  /** The log has it at `seq`; it stays visible until its event arrives. */
  acknowledged(id: string, seq: number, head: number): void {
    if (!this.#pending.some((pending) => pending.id === id)) return;
    this.#storage.remove(this.#keyOf(id));
    this.#attempt = 0;
    this.#held = false;
    if (seq <= head) this.placed(id);
    else this.#update(id, { state: "placed", seq });
    this.#pump();
  }

  /** False if the id is none of ours. */
  refused(id: string, code: string, message: string, retryAfterSeconds = 0): boolean {
    if (!this.#pending.some((pending) => pending.id === id)) return false;
    if (PASSING.has(code) || code === "not_joined") {
      this.#update(id, { state: "waiting", error: { code, message } });
      this.#pumpIn(Math.max(1000 * retryAfterSeconds, delay(RESEND, this.#attempt++, this.#platform.random())));
    } else {
      this.#update(id, { state: "refused", error: { code, message } });
      this.#pump();
    }
    return true;
  }

  /** Its event has been seen: the log shows it now. */
  placed(id: string): void {
    if (!this.#pending.some((pending) => pending.id === id)) return;
    this.drop(id);
  }

  /** Events up to `head` have been seen; what was placed there needs no showing here. */
  passed(head: number): void {
    for (const pending of this.#pending) if (pending.state === "placed" && pending.seq! <= head) this.placed(pending.id);
  }

  #pump(): void {
    if (!this.#ready || this.#held || this.#pending.some((pending) => pending.state === "sent")) return;
    const next = this.#pending.find((pending) => pending.state === "waiting");
    if (!next) return;
    this.#platform.stopTimer(this.#timer);
    if (!this.#send(next)) return; // `resume` comes with the next connection
    this.#update(next.id, { state: "sent" });
    // Silence on a living connection: ask again under the same id.
    this.#timer = this.#platform.startTimer(() => {
      this.#update(next.id, { state: "waiting", error: { code: "no_answer", message: "No answer yet; sending again." } });
      this.#pump();
    }, ANSWER_MILLISECONDS);
  }

  #pumpIn(milliseconds: number): void {
    this.#platform.stopTimer(this.#timer);
    this.#held = true;
    this.#timer = this.#platform.startTimer(() => {
      this.#held = false;
      this.#pump();
    }, milliseconds);
  }

  #update(id: string, change: Partial<Pending>): void {
    this.#pending = this.#pending.map((pending) => (pending.id === id ? { ...pending, ...change } : pending));
    this.#changed();
  }

  /** The ids of a caller are unique in a room only. */
  #keyOf(id: string): string {
    return UUID.test(id) ? KEY + id : `${KEY}${this.#room}:${id}`;
  }

  #store(pending: Pending): void {
    const { state: _, ...stored } = pending;
    try {
      this.#storage.set(this.#keyOf(pending.id), JSON.stringify(stored));
    } catch {
      // Storage full or forbidden: the message lives in memory only, which is all there is.
    }
  }
}

function readStored(text: string | null): Omit<Pending, "state"> | null {
  try {
    const value: unknown = JSON.parse(text ?? "null");
    const stored = value as Pending | null;
    return typeof stored?.id === "string" && typeof stored.message === "string" ? stored : null;
  } catch {
    return null;
  }
}
