/**
 * What the pages remember in this browser, under a prefix of this server's own address: two
 * servers mounted on one host do not mix, nor do two people who sign in one after the other.
 * Where storage is forbidden, memory stands in.
 */
import type { Storage as ClientStorage } from "../../client/index.ts";

const PREFIX = `chatlog:${new URL(document.baseURI).pathname}:`;
/** What is of the browser, not of a person. */
const COMMON = new Set(["theme", "people", "name", "auth"]);
const memory = new Map<string, string>();

let owner = "";

/** From now on keep things apart for this subject. */
export function keepFor(subject: string): void {
  owner = `@${encodeURIComponent(subject)}:`;
}

function full(key: string): string {
  return COMMON.has(key) ? key : owner + key;
}

function store(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null; // cookies and site data are blocked
  }
}

export const storage: ClientStorage = {
  get: (key) => store()?.getItem(PREFIX + full(key)) ?? memory.get(full(key)) ?? null,
  set: (key, value) => {
    const place = store();
    if (place) place.setItem(PREFIX + full(key), value);
    else memory.set(full(key), value);
  },
  remove: (key) => {
    store()?.removeItem(PREFIX + full(key));
    memory.delete(full(key));
  },
  keys: () => {
    const kept = Object.keys(store() ?? {}).filter((key) => key.startsWith(PREFIX)).map((key) => key.slice(PREFIX.length));
    return [...kept, ...memory.keys()].filter((key) => key.startsWith(owner)).map((key) => key.slice(owner.length));
  },
};

/** Write what may be lost without harm: a full storage is no reason to stop. */
export function remember(key: string, value: string): void {
  try {
    storage.set(key, value);
  } catch {
    memory.set(full(key), value);
  }
}

/** Hear what another tab of this browser writes. */
export function onElsewhere(heard: (key: string, value: string | null) => void): void {
  addEventListener("storage", (event) => {
    if (event.key?.startsWith(PREFIX + owner)) heard(event.key.slice(PREFIX.length + owner.length), event.newValue);
  });
}
