/** What happened to the room and to roles in it, in plain words. */
import type { JoinFrame, MemberFrame, RoomFrame } from "../../client/index.ts";
import { shortTime } from "./time.ts";

const ACCESS: Readonly<Record<string, string>> = {
  open: "opened the room to everybody", listed: "made the room one by invitation", private: "made the room private",
};
const HISTORY: Readonly<Record<string, string>> = {
  all: "let members see all of the history", since_member: "let members see the history from their own start on only",
};
const MADE: Readonly<Record<string, string>> = {
  owner: "an owner", moderator: "a moderator", member: "a member", reader: "a reader",
};

/** `before`: the state that is known from earlier in the log. */
export function roomNote(event: RoomFrame, before: RoomFrame | null): string {
  const topic = event.topic === "" ? "" : `: ${event.topic}`;
  if (event.seq === 1) return `${event.username} created the room${topic}`;
  const did = [
    ...(before?.access === event.access ? [] : [ACCESS[event.access] ?? "changed who may enter"]),
    ...(before ? before.history === event.history ? [] : [HISTORY[event.history] ?? "changed who sees the history"] : []),
    ...((before?.locked ?? false) === event.locked ? [] : [event.locked ? "locked the room: only moderators write" : "unlocked the room"]),
    ...((before?.topic ?? "") === event.topic ? [] : [event.topic === "" ? "removed the topic" : `set the topic${topic}`]),
  ];
  return `${event.username} ${did.length > 0 ? did.join(", ") : "changed the room"}`;
}

export function memberNote(event: MemberFrame): string {
  const { member, role, username: by = "" } = event;
  const until = event.until === undefined ? "" : ` until ${shortTime(event.until)}`;
  const why = event.reason ? `: ${event.reason}` : "";
  if (by === "(token)") return `${member} ${MADE[role] ? `is ${MADE[role]}` : "has no role"} by their token${until}`;
  if (role === "banned") return `${by} banned ${member}${until}${why}`;
  if (role === "none") return by === member ? `${by} gave up their role${why}` : `${by} took away the role of ${member}${until}${why}`;
  if (role === "reader" && until !== "") return `${by} muted ${member}${until}${why}`;
  return by === member ? `${by} became ${MADE[role] ?? role}` : `${by} made ${member} ${MADE[role] ?? role}${until}${why}`;
}

export function removalNote({ username, by, reason }: JoinFrame): string {
  const why = reason ? `: ${reason}` : "";
  return by === undefined ? `The role of ${username} in this room ended${why}` : `${by} removed ${username} from the room${why}`;
}
