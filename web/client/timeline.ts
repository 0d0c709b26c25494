/**
 * The events of a room that are in memory: always a contiguous stretch, seq by seq.
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
import type { ErasureFrame, LogEvent } from "./frames.ts";

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
  #tail: LogEvent[] = [];
  #page: LogEvent[] | null = null;
  readonly #erased = new Set<number>();

  get events(): readonly LogEvent[] {
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
    return this.events[0]?.seq ?? null;
  }

  get last(): number | null {
    return this.events.at(-1)?.seq ?? null;
  }

  find(seq: number): LogEvent | null {
    const first = this.first;
    return first === null ? null : this.events[seq - first] ?? null;
  }

  /** The live events still in memory past a seq, whatever is looked at. */
  since(seq: number): readonly LogEvent[] {
    return this.#tail.filter((event) => event.seq > seq);
  }

  /** The first seq of the live events in memory. */
  get tailFirst(): number | null {
    return this.#tail[0]?.seq ?? null;
  }

  /** Take a live or replayed event. A `gap` must never be; the caller then resumes. */
  append(event: LogEvent): "added" | "known" | "gap" {
    if (this.head !== null && event.seq <= this.head.seq) return "known";
    if (this.head !== null && event.seq > this.head.seq + 1) return "gap";
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
    this.#tail = this.#tail.map((event) => bySeq.get(event.seq) ?? event);
    this.#page = this.#page?.map((event) => bySeq.get(event.seq) ?? event) ?? null;
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
    const tailFirst = this.#tail[0]?.seq ?? Infinity;
    if (last < tailFirst - 1) return;
    const events = [...page, ...this.#tail.filter((event) => event.seq > last)];
    // What the page has past the head will come live as well, and must be taken then.
    while (this.head !== null && events.length > 0 && events.at(-1)!.seq > this.head.seq) events.pop();
    if (events.length === 0 || (!mayTrim && !fits(events))) return;
    trimStart(events);
    this.#tail = events;
    this.#page = null;
  }

  #asErased(event: LogEvent): LogEvent {
    return this.#erased.has(event.seq) ? blank(event) : event;
  }
}
