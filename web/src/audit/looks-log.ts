/** Who looked at the room by a scope of their token: read once, and what has come since. */
import { signal } from "@preact/signals";
import { api } from "../ui/addresses.ts";
import { getJson } from "../ui/http.ts";
import type { Look } from "./looks.ts";

interface Page {
  readonly looks: readonly Look[];
  readonly first: string | null;
  readonly last: string | null;
  readonly more_before: boolean;
  readonly more_after: boolean;
}

export interface Looks {
  readonly room: string;
  /** In order of time. */
  readonly looks: readonly Look[];
  readonly last: string | null;
  /** Whether there are earlier ones, which are not here. */
  readonly isCut: boolean;
}

/** Asking is a look as well, so few large pages are better than many small ones. */
const PAGE = 500;
const MOST = 2_000;

export const found = signal<Looks | null>(null);
export const fault = signal<string | null>(null);

/** Read the room's looks, or those that have come since it was read last. */
export async function readLooks(room: string, stop: AbortSignal): Promise<void> {
  const known = found.value?.room === room ? found.value : null;
  if (known === null) found.value = null;
  fault.value = null;
  try {
    found.value = known?.last ? await readOn(known, known.last, stop) : await readBack(room, stop);
  } catch (error) {
    if (!stop.aborted) fault.value = (error as Error).message;
  }
}

async function readBack(room: string, stop: AbortSignal): Promise<Looks> {
  const newest = await ask(room, {}, stop);
  let looks = [...newest.looks], { first, more_before: more } = newest;
  while (more && first !== null && looks.length < MOST) {
    const page = await ask(room, { before: first }, stop);
    looks = [...page.looks, ...looks];
    [first, more] = [page.first, page.more_before];
  }
  return { room, looks, last: newest.last, isCut: more };
}

async function readOn(known: Looks, after: string, stop: AbortSignal): Promise<Looks> {
  const looks = [...known.looks];
  for (let more = true; more;) {
    const page = await ask(known.room, { after }, stop);
    looks.push(...page.looks);
    after = page.last ?? after;
    more = page.more_after && page.looks.length > 0;
  }
  return { ...known, looks, last: after };
}

function ask(room: string, from: { before?: string; after?: string }, stop: AbortSignal): Promise<Page> {
  return getJson<Page>(api(`rooms/${encodeURIComponent(room)}/looks`, { ...from, limit: PAGE }), stop);
}
