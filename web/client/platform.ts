/**
 * What the client needs from its surroundings: time, chance, sockets and storage.
 *
 * All of it is passed in, so that the client runs in a page, a worker, Node or a test with a
 * clock of its own. `standardPlatform` serves browsers, workers and Node 22 or later.
 */

/** The part of the standard WebSocket that is used. */
export interface Socket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onopen: (() => void) | null;
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: ((event: { code: number; reason: string }) => void) | null;
}

export type Timer = unknown;

export interface Platform {
  openSocket(url: string): Socket;
  /** Milliseconds since 1970. */
  now(): number;
  /** 0 ≤ x < 1. */
  random(): number;
  randomBytes(count: number): Uint8Array;
  startTimer(run: () => void, milliseconds: number): Timer;
  stopTimer(timer: Timer): void;
}

/** A place that survives a reload. Synchronous: a message must be safe before it is sent. */
export interface Storage {
  get(key: string): string | null;
  set(key: string, value: string): void;
  remove(key: string): void;
  keys(): string[];
}

export function standardPlatform(): Platform {
  return {
    openSocket: (url) => new WebSocket(url) as unknown as Socket,
    now: () => Date.now(),
    random: () => Math.random(),
    // Not crypto.randomUUID: it is missing on plain http outside localhost.
    randomBytes: (count) => crypto.getRandomValues(new Uint8Array(count)),
    startTimer: (run, milliseconds) => setTimeout(run, milliseconds),
    stopTimer: (timer) => clearTimeout(timer as number),
  };
}

/** Storage that lasts as long as the program. */
export function memoryStorage(): Storage {
  const kept = new Map<string, string>();
  return {
    get: (key) => kept.get(key) ?? null,
    set: (key, value) => void kept.set(key, value),
    remove: (key) => void kept.delete(key),
    keys: () => [...kept.keys()],
  };
}
