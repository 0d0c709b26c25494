/** What a role allows: the menus show this and nothing else. The server has the last word. */
import { isAtLeast, type MemberListed, type Role, type Standing } from "../../client/index.ts";

/** The roles that somebody of the role `actor` may give to somebody of the role `target`. */
export function rolesToGive(actor: Role, target: Role): readonly Role[] {
  if (actor === "owner") return ["owner", "moderator", "member", "reader", "none", "banned"];
  if (actor !== "moderator" || isAtLeast(target, "moderator")) return [];
  return ["member", "reader", "none", "banned"];
}

/** Ending somebody's sessions: by moderators of those below them, by owners of all. */
export function mayKick(actor: Role, target: Role): boolean {
  return actor === "owner" || (actor === "moderator" && !isAtLeast(target, "moderator"));
}

/** Muting makes a reader of somebody who writes. */
export function mayMute(actor: Role, target: Role, isOpen: boolean): boolean {
  const writes = isAtLeast(target, "member") || (target === "none" && isOpen);
  return writes && rolesToGive(actor, target).includes("reader");
}

export function mayChat(role: Role, isLocked: boolean): boolean {
  return isAtLeast(role, isLocked ? "moderator" : "member");
}

/** Giving up one's own role: not while it has an end, and not as the last owner. */
export function mayResign(own: MemberListed | null, standing: Standing): boolean {
  if (own === null || own.until !== null || !isAtLeast(own.role as Role, "member")) return false;
  return own.role !== "owner" || standing.members.filter(({ role }) => role === "owner").length > 1;
}
