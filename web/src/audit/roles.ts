/** Roles as they were: the fold of member events up to a seq, decided by that event's time. */
import type { LogEvent, MemberFrame, RoomFrame } from "../../client/index.ts";

export interface RoleThen {
  readonly username: string;
  readonly subject: string;
  readonly role: string;
  readonly until: string | null;
}

/** Who had which role once the event at `seq` had happened, in order of names. */
export function rolesAt(given: readonly MemberFrame[], seq: number, at: string): RoleThen[] {
  const roles = new Map<string, MemberFrame[]>();
  for (const event of given) {
    if (event.seq > seq) break;
    // A subject that was erased is nobody's in particular: each of its events stands for itself.
    const key = event.subject === "(erased)" ? `${event.seq}` : event.subject;
    roles.set(key, [...(roles.get(key) ?? []), event]);
  }
  return [...roles.values()].flatMap((events) => {
    const last = events.findLast(({ until }) => until === undefined || until > at);
    if (last === undefined || last.role === "none") return [];
    return [{ username: last.member, subject: last.subject, role: last.role, until: last.until ?? null }];
  }).sort((a, b) => a.username.localeCompare(b.username));
}

/** The room's state then; null while no `room` event had said anything. */
export function stateAt(events: readonly LogEvent[], seq: number): RoomFrame | null {
  return events.findLast((event): event is RoomFrame => event.type === "room" && event.seq <= seq) ?? null;
}
