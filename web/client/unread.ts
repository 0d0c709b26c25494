/**
 * How many messages of others lie past the last one that was read.
 *
 * `read` is a cursor of the reader's own; it moves forward only. The count is exact as far
 * as events are in memory and `atLeast` beyond.
 */
import type { RoomEvent } from "./frames.ts";

export class Unread {
  /** The last seq read; infinite while it is not known where a new reader begins. */
  read: number;
  count = 0;
  /** Older unread messages exist than were counted. */
  atLeast = false;
  readonly #isMine: (username: string) => boolean;

  constructor(read: number | null, isMine: (username: string) => boolean) {
    this.read = read ?? Infinity;
    this.#isMine = isMine;
  }

  /** Somebody new to a room has nothing unread: they begin at its head. */
  begin(head: number): void {
    if (this.read === Infinity) this.read = head;
  }

  add(event: RoomEvent): void {
    if (this.#counts(event)) this.count++;
  }

  /** All up to `seq` has been read; `rest` are the events in memory past it. */
  markRead(seq: number, rest: readonly RoomEvent[]): boolean {
    if (seq <= this.read) return false;
    this.read = seq;
    this.atLeast = false;
    this.count = rest.filter((event) => this.#counts(event)).length;
    return true;
  }

  /** The history was reset: what was read is no more. */
  reset(): void {
    this.read = 0;
    this.count = 0;
    this.atLeast = false;
  }

  #counts(event: RoomEvent): boolean {
    return event.type === "chat" && event.seq > this.read && !this.#isMine(event.username);
  }
}
