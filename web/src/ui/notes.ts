/** What happened to the room and to roles in it, in plain words. */
import type { JoinFrame, MemberFrame, RoomFrame } from "../../client/index.ts";
import { shortTime } from "./time.ts";
import { t, type Key } from "./words.ts";

const ACCESS: Readonly<Record<string, Key>> = { open: "changedToOpen", listed: "changedToListed", private: "changedToPrivate" };
const HISTORY: Readonly<Record<string, Key>> = { all: "changedToAll", since_member: "changedToSinceMember" };
const MADE: Readonly<Record<string, Key>> = { owner: "anOwner", moderator: "aModerator", member: "aMember", reader: "aReader" };

/** `before`: the state that is known from earlier in the log. */
export function roomNote(event: RoomFrame, before: RoomFrame | null): string {
  const { username: name, topic } = event;
  if (event.seq === 1) return detailed(t("roomCreated", { name }), topic);
  const did = [
    ...(before?.access === event.access ? [] : [t(ACCESS[event.access] ?? "changedAccess")]),
    ...(before ? before.history === event.history ? [] : [t(HISTORY[event.history] ?? "changedHistory")] : []),
    ...((before?.locked ?? false) === event.locked ? [] : [t(event.locked ? "lockedRoom" : "unlockedRoom")]),
    ...((before?.topic ?? "") === topic ? [] : [topic === "" ? t("removedTopic") : t("setTopicNote", { topic })]),
  ];
  return t("roomChange", { name, changes: did.length > 0 ? did.join(", ") : t("roomChanged") });
}

export function memberNote(event: MemberFrame): string {
  const until = event.until === undefined ? null : shortTime(event.until);
  const text = roleNote(event);
  return detailed(until === null ? text : t("textUntil", { text, time: until }), event.username === "(token)" ? "" : event.reason);
}

function roleNote({ member: name, role: given, until, username: by = "" }: MemberFrame): string {
  const role = MADE[given] ? t(MADE[given]) : given;
  if (by === "(token)") return MADE[given] ? t("isByToken", { name, role }) : t("noRoleByToken", { name });
  if (given === "banned") return t("bannedNote", { by, name });
  if (given === "none") return by === name ? t("gaveUpRole", { by }) : t("tookRole", { by, name });
  if (given === "reader" && until !== undefined) return t("mutedNote", { by, name });
  return by === name ? t("becameRole", { by, role }) : t("madeRole", { by, name, role });
}

export function removalNote({ username: name, by, reason }: JoinFrame): string {
  return detailed(by === undefined ? t("roleEndedNote", { name }) : t("removedNote", { by, name }), reason);
}

function detailed(text: string, detail: string | undefined): string {
  return detail ? t("detail", { text, detail }) : text;
}
