/**
 * This page's membership: who I am, which rooms I am in, and the client that keeps it so.
 *
 * The client tells of every change; here they are collected into one redraw a frame.
 */
import { effect, signal } from "@preact/signals";
import { Client, type Notice, type Role, type Room } from "../../client/index.ts";
import { onlyRoom, socketAddress } from "../ui/addresses.ts";
import { ended, endsAt, identity, onRenewed, tokenFor, type Known } from "../ui/identity.ts";
import { keepFor, onElsewhere, remember, storage } from "../ui/storage.ts";
import { newestToken } from "../ui/token.ts";
import { say } from "./notices.ts";
import { roomTitle, t } from "../ui/words.ts";

/**
 * Grows when anything to show has changed. Rooms are objects that change in place, so every
 * component that looks into one reads this first; without, it would not be drawn again.
 */
export const version = signal(0);
export const me = signal(storage.get("name") ?? "");

let due = false;

function changed(): void {
  if (due) return;
  due = true;
  const draw = () => {
    due = false;
    version.value++;
  };
  // A hidden page gets no animation frames, but its title still counts the unread.
  if (document.hidden) setTimeout(draw, 200);
  else requestAnimationFrame(draw);
}

/** Draw again at once: what is shown has changed by this page's own doing. */
export function redraw(): void {
  version.value++;
}

function noticed(room: Room, notice: Notice): void {
  if (notice.is === "recovered") say(t("recovered", { count: notice.count, room: titleOf(room.name) }));
  else say(t("historyReset", { room: room.name }), "warning");
}

export const client = new Client({
  url: socketAddress(), username: me.value, storage, onNotice: noticed,
  onChange: (room) => {
    if (client.credentials.getToken) followCredentials();
    if (room?.state.is === "removed") keepRooms(); // a reload does not rejoin it either
    if (room?.state.is === "live" && room.name.startsWith("~")) learnStanding(room); // for its title
    changed();
  },
});

/** Begin, or begin anew under another name. */
export function enter(username: string): void {
  remember("name", username);
  me.value = username;
  client.rename(username);
  client.start();
}

/** Begin as whoever has signed in; true if that is somebody else than before. */
export function enterAs(who: Known): boolean {
  const isAnother = subject !== who.subject;
  if (isAnother) {
    for (const name of roomNames()) client.leave(name);
    keepFor(who.subject);
    subject = who.subject;
  }
  me.value = who.username;
  client.credentials.getToken = async ({ why, expiresAt }) => (why === "connecting" || why === "renewing" ? newestToken() : tokenFor(expiresAt));
  client.start();
  return isAnother;
}

let subject: string | null = null;
const askedIn = new WeakMap<Room, Room["state"]>();

/** Ask for a room's roles and state, once for each time of being in it; its events keep them up. */
export function learnStanding(room: Room): void {
  if (!client.credentials.getToken || room.state.is !== "live" || room.standing.isLoaded || askedIn.get(room) === room.state) return;
  askedIn.set(room, room.state);
  void room.loadStanding();
}

/** The role that counts for me in a room; null in open mode and before it is known. */
export function roleIn(room: Room): Role | null {
  const { identity: who } = client.credentials;
  return who !== null && room.standing.isLoaded ? room.standing.roleOf(who) : null;
}

/** What a room is called: those that the server named, by their topic. */
export function titleOf(name: string): string {
  return roomTitle(name, client.rooms.get(name)?.standing.rules.topic);
}

/** What the server says of the token, and of its end. */
function followCredentials(): void {
  const { credentials } = client;
  if (credentials.identity) me.value = credentials.identity.username;
  endsAt.value = credentials.endsAt;
  if (!credentials.isOver || identity.peek().is !== "in") return;
  const why = { expired: t("signInEnded"), revoked: t("signInRevoked") };
  ended(credentials.fault ?? (credentials.ended ? why[credentials.ended] : t("signInAgain")));
}

onRenewed(() => void client.credentials.renew());
effect(() => { if (identity.value.is === "out") client.stop(); });

export function joinRoom(name: string): Room {
  const kept = Number(storage.get(`read:${name}`) ?? NaN);
  const room = client.join(name, Number.isSafeInteger(kept) ? kept : null);
  keepRooms();
  return room;
}

export function leaveRoom(name: string): void {
  client.leave(name);
  storage.remove(`read:${name}`);
  storage.remove(`draft:${name}`);
  keepRooms();
}

/** In the order joined: what one reaches for stays where it is. */
export function roomNames(): string[] {
  return [...client.rooms.keys()];
}

export function markRead(room: Room, seq: number): void {
  if (!Number.isFinite(room.unread.read) || seq <= room.unread.read) return;
  room.markRead(seq);
  remember(`read:${room.name}`, String(seq));
}

function keepRooms(): void {
  if (onlyRoom !== null) return; // the chat's own rooms are no business of a frame
  remember("rooms", JSON.stringify(roomNames().filter((name) => client.rooms.get(name)!.state.is !== "removed")));
}

export function keptRooms(): string[] {
  try {
    const kept: unknown = JSON.parse(storage.get("rooms") ?? "[]");
    return Array.isArray(kept) ? kept.filter((name) => typeof name === "string").slice(0, 100) : [];
  } catch {
    return [];
  }
}

// What is read in one tab is read in all.
onElsewhere((key, value) => {
  if (key.startsWith("read:") && value !== null) client.rooms.get(key.slice(5))?.markRead(Number(value));
});
addEventListener("online", () => client.wake());
addEventListener("offline", () => client.wake());
document.addEventListener("visibilitychange", () => { if (!document.hidden) client.wake(); });
