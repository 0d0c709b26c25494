/** What the page looks at. Every part of it is in the address, so every state has a link. */
import { computed, effect, signal } from "@preact/signals";
import { NO_FILTERS, type Filters } from "./filters.ts";

export type Pane = "table" | "room" | "people";

function read(): { room: string | null; seq: number | null; witnesses: number | null; looking: boolean; filters: Filters; pane: Pane } {
  const query = new URL(location.href).searchParams;
  const seq = (name: string) => {
    const value = query.get(name) ?? "";
    return /^[1-9]\d{0,14}$/.test(value) ? Number(value) : null;
  };
  const text = (name: string) => query.get(name) ?? "";
  const pane = text("view");
  return {
    room: query.get("room"), seq: seq("seq"), witnesses: seq("witnesses"), looking: query.has("looks"),
    filters: { who: text("who"), type: text("type"), from: text("from"), to: text("to"), text: text("text") },
    pane: pane === "room" || pane === "people" ? pane : "table",
  };
}

const first = read();
export const room = signal(first.room);
/** The moment that is looked at; null is the present. */
export const seq = signal(first.seq);
/** The message whose witnesses are asked for. */
export const witnesses = signal(first.witnesses);
/** Whether it is asked who looked at the room. */
export const looking = signal(first.looking);
export const filters = signal(first.filters);
/** What a narrow screen shows. */
export const pane = signal(first.pane);

const address = computed(() => {
  const query = new URLSearchParams();
  const put = (name: string, value: string | number | null) => { if (value !== null && value !== "") query.set(name, String(value)); };
  put("room", room.value);
  put("seq", seq.value);
  put("witnesses", witnesses.value);
  if (looking.value) put("looks", 1);
  for (const [name, value] of Object.entries(filters.value)) put(name, value);
  if (pane.value !== "table") put("view", pane.value);
  return `?${query}`;
});

let timer: ReturnType<typeof setTimeout> | null = null;

/** Write the address after the view, at most a few times a second: browsers allow no more. */
export function keepAddress(): void {
  effect(() => {
    const wanted = address.value;
    if (wanted === location.search) return;
    if (timer !== null) clearTimeout(timer);
    timer = setTimeout(() => history.replaceState(null, "", new URL(wanted, location.href)), 200);
  });
  addEventListener("popstate", () => {
    const now = read();
    [room.value, seq.value, witnesses.value, looking.value] = [now.room, now.seq, now.witnesses, now.looking];
    [filters.value, pane.value] = [now.filters, now.pane];
  });
}

export function openRoom(name: string): void {
  history.pushState(null, "", location.href);
  room.value = name;
  seq.value = null;
  witnesses.value = null;
  filters.value = NO_FILTERS;
}
