/**
 * A room's whole log, page by page, oldest first: the base of every view on the page.
 *
 * It grows while one looks at it. A room with more than `MAX_EVENTS` begins later, with who
 * was present then asked from the server.
 */
import { batch, computed, signal } from "@preact/signals";
import { parseEvent, type LogEvent, type MemberFrame } from "../../client/index.ts";
import { api } from "../ui/addresses.ts";
import { getJson, type RoomInfo } from "../ui/http.ts";
import { passing } from "./filters.ts";
import { countsOf, lanesOf, presentAt, presencesOf } from "./presence.ts";
import { rolesAt, stateAt } from "./roles.ts";
import { filters, seq } from "./view.ts";

export const MAX_EVENTS = 300_000;
const PAGE = 500;
/** The views are drawn again this often while pages come in, not for each. */
const DRAW_MILLISECONDS = 250;

export interface EventsPage {
  readonly events: readonly unknown[];
  readonly last: number | null;
  readonly more_after: boolean;
}

export const rooms = signal<readonly RoomInfo[] | null>(null);
export const events = signal<readonly LogEvent[]>([]);
export const head = signal(0);
export const loading = signal(false);
export const fault = signal<string | null>(null);
const before = signal<readonly string[]>([]);

export const firstSeq = computed(() => events.value[0]?.seq ?? 1);
export const lastSeq = computed(() => events.value.at(-1)?.seq ?? 0);
export const times = computed(() => events.value.map((event) => Date.parse(event.at)));
export const presences = computed(() => presencesOf(events.value, before.value));
export const lanes = computed(() => lanesOf(presences.value));
export const counts = computed(() => countsOf(presences.value, times.value.at(-1) ?? 0));
export const shown = computed(() => passing(events.value, filters.value));
/** The seq looked at, inside what is loaded. */
export const moment = computed(() => Math.max(firstSeq.value, Math.min(seq.value ?? lastSeq.value, lastSeq.value)));
export const present = computed(() => presentAt(presences.value, moment.value));
const appointments = computed(() => events.value.filter((event): event is MemberFrame => event.type === "member"));
export const roles = computed(() => rolesAt(appointments.value, moment.value, eventAt(moment.value)?.at ?? ""));
export const state = computed(() => stateAt(events.value, moment.value));

export function eventAt(at: number): LogEvent | null {
  return events.value[at - firstSeq.value] ?? null;
}

/** The last event not after a time. */
export function seqAt(time: number): number {
  const all = times.value;
  let low = 0, high = all.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (all[middle]! <= time) low = middle + 1;
    else high = middle;
  }
  return firstSeq.value + Math.max(0, low - 1);
}

let under: AbortController | null = null;

/** Load a room, or what has come since. Ends the loading of another. */
export async function load(room: string, afresh: boolean): Promise<void> {
  under?.abort();
  const { signal: stop } = (under = new AbortController());
  batch(() => {
    if (afresh) [events.value, before.value, head.value] = [[], [], 0];
    loading.value = true;
    fault.value = null;
  });
  try {
    await loadPages(room, stop);
  } catch (error) {
    if (!stop.aborted) fault.value = error instanceof Error ? error.message : String(error);
  }
  if (!stop.aborted) loading.value = false;
}

async function loadPages(room: string, stop: AbortSignal): Promise<void> {
  const path = `rooms/${encodeURIComponent(room)}`;
  const newest = await getJson<EventsPage>(api(`${path}/events`, { limit: 1 }), stop);
  head.value = newest.last ?? 0;
  let after = lastSeq.value;
  if (after === 0 && head.value > MAX_EVENTS) {
    after = head.value - MAX_EVENTS;
    const then = await getJson<{ users: { username: string }[] }>(api(`${path}/users`, { at: after }), stop);
    before.value = then.users.map(({ username }) => username);
  }
  let gathered = [...events.value], drawn = performance.now();
  for (let more = true; more;) {
    const page = await getJson<EventsPage>(api(`${path}/events`, { after, limit: PAGE }), stop);
    for (const raw of page.events) {
      const event = parseEvent(raw);
      if (event) gathered.push(event);
    }
    after = page.last ?? after;
    more = page.more_after && page.events.length > 0;
    if (more && performance.now() - drawn < DRAW_MILLISECONDS) continue;
    batch(() => {
      head.value = Math.max(head.value, after);
      events.value = gathered;
    });
    gathered = [...gathered];
    drawn = performance.now();
  }
}
