/**
 * Who is present in a room: the fold of its join and leave events, each user once.
 *
 * A `users` frame says who was there at a seq; events after that seq are folded onto it.
 * The frame names at most 1,000; of the others only the number is known until they stir. A digest has
 * the names of those who came and went, and the number present after it, which is then the count.
 */
import type { PresenceEvent, PresenceFrame, UsersFrame } from "./frames.ts";

export class Roster {
  /** Open sessions by user; 0 where the number is not known, but the user is present. */
  readonly #sessions = new Map<string, number>();
  #unnamed = 0;
  #seq = Infinity;
  #names: readonly string[] | null = null;

  /** How many are present, the unnamed included. */
  get count(): number {
    return this.#sessions.size + this.#unnamed;
  }

  /** The known names, sorted by code point as the server does. */
  get names(): readonly string[] {
    return (this.#names ??= [...this.#sessions.keys()].sort(byCodePoint));
  }

  has(username: string): boolean {
    return this.#sessions.has(username);
  }

  replace(frame: UsersFrame): void {
    this.#sessions.clear();
    for (const name of frame.users) this.#sessions.set(name, 0);
    this.#unnamed = Math.max(0, frame.count - frame.users.length);
    this.#seq = frame.seq;
    this.#names = null;
  }

  apply(event: PresenceEvent): void {
    if (event.seq <= this.#seq) return; // folded into the frame already, or no frame yet
    this.#seq = event.seq;
    const known = this.#sessions.has(event.username);
    // A `session` frame is of somebody who was present before it and is after it.
    if (!known && (event.type === "session" || event.event === "leave")) this.#unnamed = Math.max(0, this.#unnamed - 1);
    if (event.sessions > 0) this.#sessions.set(event.username, event.sessions);
    else this.#sessions.delete(event.username);
    if (known !== this.#sessions.has(event.username)) this.#names = null;
  }

  /** Take a run of joins and leaves in one. Who did both is in neither of its lists. */
  applyDigest({ seq, joined, left, count }: PresenceFrame): void {
    if (seq <= this.#seq) return;
    this.#seq = seq;
    for (const name of left) this.#sessions.delete(name);
    for (const name of joined) this.#sessions.set(name, 0);
    this.#unnamed = Math.max(0, count - this.#sessions.size);
    this.#names = null;
  }

  clear(): void {
    this.#sessions.clear();
    this.#unnamed = 0;
    this.#seq = Infinity;
    this.#names = null;
  }
}

/** JavaScript compares UTF-16 units, which puts emoji before some letters; this does not. */
export function byCodePoint(left: string, right: string): number {
  const a = [...left], b = [...right];
  for (let index = 0; index < Math.min(a.length, b.length); index++) {
    const difference = a[index]!.codePointAt(0)! - b[index]!.codePointAt(0)!;
    if (difference !== 0) return difference;
  }
  return a.length - b.length;
}
