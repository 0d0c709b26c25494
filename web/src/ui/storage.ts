/**
 * What the pages remember in this browser, under a prefix of this server's own address: two
 * servers mounted on one host do not mix. Where storage is forbidden, memory stands in.
 */
import type { Storage as ClientStorage } from "../../client/index.ts";

const PREFIX = `chatlog:${new URL(document.baseURI).pathname}:`;
const memory = new Map<string, string>();

function store(): Storage | null {
  try {
    return localStorage;
  } catch {
    return null; // cookies and site data are blocked
  }
}

export const storage: ClientStorage = {
  get: (key) => store()?.getItem(PREFIX + key) ?? memory.get(key) ?? null,
  set: (key, value) => {
    const place = store();
    if (place) place.setItem(PREFIX + key, value);
    else memory.set(key, value);
  },
  remove: (key) => {
    store()?.removeItem(PREFIX + key);
    memory.delete(key);
  },
  keys: () => {
    const kept = Object.keys(store() ?? {}).filter((key) => key.startsWith(PREFIX));
    return [...kept.map((key) => key.slice(PREFIX.length)), ...memory.keys()];
  },
};

/** Write what may be lost without harm: a full storage is no reason to stop. */
export function remember(key: string, value: string): void {
  try {
    storage.set(key, value);
  } catch {
    memory.set(key, value);
  }
}

/** Hear what another tab of this browser writes. */
export function onElsewhere(heard: (key: string, value: string | null) => void): void {
  addEventListener("storage", (event) => {
    if (event.key?.startsWith(PREFIX)) heard(event.key.slice(PREFIX.length), event.newValue);
  });
}
