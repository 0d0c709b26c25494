/** The time machine: a room's log, and the room as it was at any of its events. */
import { effect } from "@preact/signals";
import { render } from "preact";
import { api } from "../ui/addresses.ts";
import { listRooms } from "../ui/http.ts";
import { App } from "./app.tsx";
import { check, forget } from "./chain.ts";
import { fault, head, load, rooms } from "./room-log.ts";
import { keepAddress, room } from "./view.ts";

/** Rooms up to this length are checked without being asked: it takes a second or two. */
const CHECK_EVENTS = 20_000;

listRooms((after) => api("rooms", { after, limit: 100 })).then(
  (found) => {
    rooms.value = found;
    room.value ??= found.toSorted((a, b) => (b.last_at ?? "").localeCompare(a.last_at ?? ""))[0]?.room ?? null;
  },
  (error: Error) => {
    rooms.value = [];
    if (room.value === null) fault.value = error.message;
  });

effect(() => {
  const name = room.value;
  forget();
  if (name === null) return;
  document.title = `${name} · time machine · chatlog`;
  void load(name, true).then(() => {
    if (room.value === name && head.value > 0 && head.value <= CHECK_EVENTS) void check(name);
  });
});

keepAddress();
render(<App />, document.getElementById("app")!);
