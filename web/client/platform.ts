/**
 * What the client needs from its surroundings: time, chance, sockets and storage.
 *
 * All of it is passed in, so that the client runs in a page, a worker, Node or a test with a
 * clock of its own. `standardPlatform` serves browsers, workers and Node.
 */

/** A method's type: one that takes more of an event than this is one too, without a cast. */
type Heard<Event> = { heard(event: Event): void }["heard"] | null;

/** The part of the standard WebSocket that is used. */
export interface Socket {
  send(text: string): void;
  close(code?: number, reason?: string): void;
  onopen: Heard<unknown>;
  onmessage: Heard<{ readonly data: unknown }>;
  onclose: Heard<{ readonly code: number; readonly reason: string }>;
  /** Nothing is done: a close follows. Where nobody hears of it, some programs end. */
  onerror?: Heard<unknown>;
}

/** The standard `WebSocket`, or one like it: that of the package `ws`. */
export type SocketClass = new (url: string) => Socket;

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

/** `WebSocket`: for a platform that has none (Node 20). */
export function standardPlatform(WebSocket: SocketClass | undefined = globalThis.WebSocket): Platform {
  if (WebSocket === undefined) throw new Error("This platform has no WebSocket: give one as `WebSocket`, such as that of the package ws.");
  return {
    openSocket: (url) => new WebSocket(url),
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
