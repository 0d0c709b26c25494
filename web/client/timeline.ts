/**
 * The events of a room that are in memory: always a contiguous stretch, seq by seq. A digest that came in
 * the place of joins and leaves is in theirs, until a page of the past brings these themselves.
 *
 * The *tail* ends at the newest event heard live. What is looked at is either the tail, or a
 * *page* further back; a page that grows until it meets the tail becomes one with it again.
 * Both are bounded, so memory does not follow the length of the history.
 *
 * Promises: `events` has no gap and no repeat; `head` is the last event heard live and is what
 * a resume continues from, whatever is looked at; an erased text does not come back from an
 * answer that was under way.
 */
import { blank, fits, trimEnd, trimStart } from "./stretch.ts";
import { firstSeq, type ErasureFrame, type LogEvent, type RoomEvent } from "./frames.ts";

export interface Mark {
  readonly seq: number;
  readonly hash: string;
}

const ERASED_REMEMBERED = 10_000;

export class Timeline {
  head: Mark | null = null;
  /** Grows when the log turns out to be another one: answers asked for before are void. */
  generation = 0;
  /** The first seq there is for this reader: not 1 where a room begins with one's own membership. */
  beginning = 1;
  /** While true the newest event is being looked at, and old ones may go when new ones come. */
  following = true;
  #tail: RoomEvent[] = [];
  #page: RoomEvent[] | null = null;
  readonly #erased = new Set<number>();

  get events(): readonly RoomEvent[] {
    return this.#page ?? this.#tail;
  }

  /** Older events exist: none after the beginning is ever missing. */
  get moreBefore(): boolean {
    return (this.first ?? 1) > this.beginning;
  }

  /** False while a page further back is looked at, so that `events` does not end at the head. */
  get atPresent(): boolean {
    return this.#page === null;
  }

  get first(): number | null {
    return startOf(this.events);
  }

  get last(): number | null {
    return this.events.at(-1)?.seq ?? null;
  }

  /** The event at a seq; null where it is not in memory, or only within a digest. */
  find(seq: number): LogEvent | null {
    let low = 0, high = this.events.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.events[middle]!.seq < seq) low = middle + 1;
      else high = middle;
    }
    const found = this.events[low];
    return found === undefined || found.seq !== seq || found.type === "presence" ? null : found;
  }

  /** The live events still in memory past a seq, whatever is looked at. */
  since(seq: number): readonly RoomEvent[] {
    return this.#tail.filter((event) => event.seq > seq);
  }

  /** The first seq of the live events in memory. */
  get tailFirst(): number | null {
    return startOf(this.#tail);
  }

  /** Take a live or replayed event. A `gap` must never be; the caller then resumes. */
  append(event: RoomEvent): "added" | "known" | "gap" {
    if (this.head !== null && event.seq <= this.head.seq) return "known";
    if (this.head !== null && firstSeq(event) !== this.head.seq + 1) return "gap";
    this.head = { seq: event.seq, hash: event.hash };
    this.#tail.push(this.#asErased(event));
    if (event.type === "erasure") this.erase(event);
    if (!fits(this.#tail)) {
      if (!this.following && this.#page === null) this.#leaveTail();
      trimStart(this.#tail);
    }
    return "added";
  }

  /** Put older events before those looked at. */
  prepend(older: readonly LogEvent[]): void {
    const first = this.first;
    if (first === null || older.at(-1)?.seq !== first - 1) return;
    const events = [...older.map((event) => this.#asErased(event)), ...this.events];
    if (this.#page === null && fits(events)) this.#tail = events;
    else {
      trimEnd(events);
      this.#page = events;
      trimStart(this.#tail, 0.5);
    }
  }

  /** Put newer events after the page looked at; it may meet the tail. */
  extend(newer: readonly LogEvent[]): void {
    if (this.#page === null || newer[0]?.seq !== this.#page.at(-1)!.seq + 1) return;
    const events = [...this.#page, ...newer.map((event) => this.#asErased(event))];
    trimStart(events);
    this.#page = events;
    this.#meetTail(true);
  }

  /** Look at this stretch, wherever it lies. */
  show(events: readonly LogEvent[]): void {
    if (events.length === 0) return;
    this.#page = events.map((event) => this.#asErased(event));
    this.#meetTail(false);
  }

  /** Look at the newest events again. */
  toPresent(): void {
    this.#page = null;
  }

  erase(erasure: ErasureFrame): void {
    for (const seq of erasure.of) this.#erased.add(seq);
    for (const seq of this.#erased) {
      if (this.#erased.size <= ERASED_REMEMBERED) break;
      this.#erased.delete(seq);
    }
    this.#tail = this.#tail.map((event) => this.#asErased(event));
    this.#page = this.#page?.map((event) => this.#asErased(event)) ?? null;
  }

  /** Take the server's present bytes of events in memory (erased names are only in those). */
  replace(fresh: readonly LogEvent[]): void {
    const bySeq = new Map(fresh.map((event) => [event.seq, event]));
    const fresher = (event: RoomEvent) => (event.type === "presence" ? event : bySeq.get(event.seq) ?? event);
    this.#tail = this.#tail.map(fresher);
    this.#page = this.#page?.map(fresher) ?? null;
  }

  /** Forget everything: the log is no longer the one that was seen. */
  clear(): void {
    this.head = null;
    this.beginning = 1;
    this.generation++;
    this.#tail = [];
    this.#page = null;
    this.#erased.clear();
  }

  #leaveTail(): void {
    this.#page = [...this.#tail];
    trimStart(this.#tail, 0.5);
  }

  /** Become one with the tail if they touch; what is then too long loses its start, or stays apart. */
  #meetTail(mayTrim: boolean): void {
    const page = this.#page!;
    const last = page.at(-1)!.seq;
    const tailFirst = startOf(this.#tail) ?? Infinity;
    if (last < tailFirst - 1) return;
    const next = this.#tail.find((event) => event.seq > last);
    if (next !== undefined && firstSeq(next) <= last) return; // it ends within a digest
    const events = [...page, ...this.#tail.filter((event) => event.seq > last)];
    // What the page has past the head will come live as well, and must be taken then.
    while (this.head !== null && events.length > 0 && events.at(-1)!.seq > this.head.seq) events.pop();
    if (events.length === 0 || (!mayTrim && !fits(events))) return;
    trimStart(events);
    this.#tail = events;
    this.#page = null;
  }

  #asErased(event: RoomEvent): RoomEvent {
    for (let seq = firstSeq(event); seq <= event.seq; seq++) if (this.#erased.has(seq)) return blank(event);
    return event;
  }
}

/** The first seq of a stretch. */
function startOf(events: readonly RoomEvent[]): number | null {
  return events[0] === undefined ? null : firstSeq(events[0]);
}
