/**
 * This page's membership: who I am, which rooms I am in, and the client that keeps it so.
 *
 * The client tells of every change; here they are collected into one redraw a frame.
 */
import { signal } from "@preact/signals";
import { Client, type Notice, type Room } from "../../client/index.ts";
import { socketAddress } from "../ui/addresses.ts";
import { onElsewhere, remember, storage } from "../ui/storage.ts";
import { say } from "./notices.ts";
import { plural } from "../ui/words.ts";

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
  if (notice.is === "recovered") say(`${plural(notice.count, "missed message")} recovered in ${room.name}.`);
  else say(`The history of ${room.name} was reset on the server. The page now shows its current state.`, "warning");
}

export const client = new Client({
  url: socketAddress(), username: me.value, storage, onChange: changed, onNotice: noticed,
});

/** Begin, or begin anew under another name. */
export function enter(username: string): void {
  remember("name", username);
  me.value = username;
  client.rename(username);
  client.start();
}

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
  remember("rooms", JSON.stringify(roomNames()));
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
