/**
 * What a room's events say about who may do what: its state, and the roles in it.
 *
 * Loaded once, then kept up by the events themselves. A role that runs out gives way to the one
 * before, which only the server knows: `nextEnd` says when to load again.
 */
import type { MemberListed, RoomEvent, RoomFrame } from "./frames.ts";
import type { Identity } from "./credentials.ts";

export const ROLES = ["banned", "none", "reader", "member", "moderator", "owner"] as const;
export type Role = (typeof ROLES)[number];
export type Rules = Pick<RoomFrame, "access" | "history" | "topic" | "locked">;

/** A room without a `room` event is open. */
export const OPEN_ROOM: Rules = { access: "open", history: "all", topic: "", locked: false };

export function isAtLeast(role: Role, other: Role): boolean {
  return ROLES.indexOf(role) >= ROLES.indexOf(other);
}

export class Standing {
  rules: Rules = OPEN_ROOM;
  /** Whether the server has been asked: before that, `rules` and `members` are only what was heard. */
  isLoaded = false;
  /** How often it has been loaded: what depends on an answer, and not only on what it says. */
  loads = 0;
  readonly #members = new Map<string, MemberListed>();
  readonly #sought = new Set<string>();
  /** What was heard while the server was being asked: its answer may be older. */
  #heard: RoomEvent[] | null = null;

  /** Those with a role, in order of names. */
  get members(): readonly MemberListed[] {
    return [...this.#members.values()].sort((a, b) => a.username.localeCompare(b.username));
  }

  /** The milliseconds since 1970 at which a role ends next; infinite if none does. */
  get nextEnd(): number {
    return Math.min(Infinity, ...[...this.#members.values()].flatMap(({ until }) => until === null ? [] : [Date.parse(until)]));
  }

  /** Whether an arrival may be somebody invited before their name was known; true once a name. */
  mayBeUnnamed(username: string): boolean {
    if (!this.isLoaded || this.#sought.has(username) || this.named(username) !== null) return false;
    this.#sought.add(username);
    return [...this.#members.values()].some((member) => member.username === member.subject);
  }

  member(subject: string): MemberListed | null {
    return this.#members.get(subject) ?? null;
  }

  named(username: string): MemberListed | null {
    return [...this.#members.values()].find((member) => member.username === username) ?? null;
  }

  /** The role that counts: admins are owners, and in an open room nobody has no role. */
  roleOf(identity: Pick<Identity, "subject" | "scope">): Role {
    if (identity.scope.includes("admin")) return "owner";
    const role = this.#members.get(identity.subject)?.role as Role | undefined ?? "none";
    return role === "none" && this.rules.access === "open" ? "member" : role;
  }

  loading(): void {
    this.#heard ??= [];
  }

  /** Take the server's answers: the newest `room` event, and the members as of `seq`. */
  replace(state: RoomFrame | null, members: readonly MemberListed[], seq: number): void {
    const since = (this.#heard ?? []).filter((event) => event.seq > (event.type === "room" ? state?.seq ?? 0 : seq));
    this.#heard = null;
    this.rules = state ?? OPEN_ROOM;
    this.#members.clear();
    for (const member of members) this.#members.set(member.subject, member);
    for (const event of since) this.apply(event);
    this.isLoaded = true;
    this.loads++;
  }

  apply(event: RoomEvent): void {
    this.#heard?.push(event);
    if (event.type === "room") this.rules = event;
    else if (event.type === "member") {
      const { member: username, subject, role, seq, until } = event;
      if (role === "none") this.#members.delete(subject);
      else this.#members.set(subject, { username, subject, role, since_seq: seq, until: until ?? null });
    }
  }

  clear(): void {
    this.#heard = null;
    this.replace(null, [], 0);
    this.isLoaded = false;
  }
}
