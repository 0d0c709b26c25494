/** Where in the page one is: the room and message of the address, the open panel or dialog. */
import { signal } from "@preact/signals";
import { chatFragment, onlyRoom, readFragment } from "../ui/addresses.ts";
import { remember, storage } from "../ui/storage.ts";
import { tidy } from "./limits.ts";
import { client, joinRoom, keptRooms, leaveRoom, roomNames } from "./session.ts";

const own = onlyRoom === null ? null : tidy(onlyRoom);

export const current = signal<string | null>(null);
/** A message that a link points at; the log goes there and lets go of it. */
export const target = signal<number | null>(null);
export const open = signal<"rooms" | "keys" | "settings" | null>(null);
/** What somebody is asked in a dialog about rooms and roles, in token mode. */
export type Asked =
  | { readonly is: "create"; readonly name: string }
  | { readonly is: "room"; readonly room: string }
  | { readonly is: "person"; readonly room: string; readonly username: string; readonly subject: string | null }
  | { readonly is: "redact"; readonly room: string; readonly seq: number };
export const asked = signal<Asked | null>(null);
/** The panels of a narrow screen. */
export const drawer = signal<"rooms" | "people" | null>(null);
/** Whether a wide screen shows who is present. */
export const peopleShown = signal(storage.get("people") !== "hidden");

export function goTo(room: string, seq: number | null = null): void {
  joinRoom(room);
  current.value = room;
  target.value = seq;
  drawer.value = null;
  if (onlyRoom === null) remember("room", room);
  const fragment = `#${chatFragment(room, seq ?? undefined)}`;
  if (location.hash === fragment) return;
  // A frame's steps would be steps of the page around it.
  history[onlyRoom === null ? "pushState" : "replaceState"](null, "", new URL(fragment, location.href));
}

export function leave(room: string): void {
  const names = roomNames();
  const next = names[names.indexOf(room) + 1] ?? names[names.indexOf(room) - 1] ?? null;
  leaveRoom(room);
  if (current.value !== room) return;
  if (next !== null) return goTo(next);
  current.value = null;
  history.pushState(null, "", new URL("#", location.href));
}

/** The next or previous room, round the end; with `unread`, the next with something new. */
export function step(by: 1 | -1, unread = false): void {
  const names = roomNames().filter((name) => !unread || name === current.value || client.rooms.get(name)!.unread.count > 0);
  if (names.length < 2) return;
  const at = names.indexOf(current.value ?? "");
  goTo(names[(at + by + names.length) % names.length]!);
}

export function togglePeople(): void {
  if (matchMedia("(max-width: 900px)").matches) drawer.value = drawer.value === "people" ? null : "people";
  else {
    peopleShown.value = !peopleShown.value;
    remember("people", peopleShown.value ? "shown" : "hidden");
  }
}

/** Take up where somebody chose to, else where the address or the last visit says. */
export function arrive(chosen?: string): void {
  if (onlyRoom === null) for (const name of keptRooms()) joinRoom(name);
  const linked = readFragment(location.hash);
  const room = own ?? chosen ?? linked?.room ?? storage.get("room") ?? roomNames()[0];
  if (room !== undefined) goTo(room, room === linked?.room ? linked.seq : null);
  addEventListener("popstate", follow);
  addEventListener("hashchange", follow);
}

/** Go to another room than the one whose joining was refused. */
export function choose(room: string): void {
  const refused = current.value;
  if (room === refused) return;
  goTo(room);
  if (refused !== null) leaveRoom(refused);
}

function follow(): void {
  const linked = readFragment(location.hash);
  if (linked && (own ?? linked.room) === linked.room) goTo(linked.room, linked.seq);
}
