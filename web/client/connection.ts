/**
 * One WebSocket that is kept open.
 *
 * It opens, notices when the other side is gone (also where no close arrives), and comes
 * back by itself with jittered delays. It knows frames only as text and nothing of rooms.
 *
 * Promises: `state` is honest at every moment; `onOpen` comes once for each new socket and
 * before its first frame; after `stop` nothing is called any more.
 */
import { RECONNECT, delay } from "./backoff.ts";
import type { Platform, Socket, Timer } from "./platform.ts";

export type ConnectionState =
  | { readonly is: "idle" }
  | { readonly is: "connecting"; readonly attempt: number }
  | { readonly is: "open" }
  /** The next try is at `until` (milliseconds since 1970). */
  | { readonly is: "waiting"; readonly attempt: number; readonly until: number }
  /** The server does not want this client; coming back by itself would be useless. */
  | { readonly is: "refused"; readonly code: number; readonly reason: string };

export interface ConnectionEvents {
  onState(state: ConnectionState): void;
  onOpen(): void;
  onText(text: string): void;
  /** `code`: that of the close frame. */
  onLost(code: number): void;
}

const OPEN_MILLISECONDS = 10_000;
/** After this much silence the server is asked whether it is there. */
const QUIET_MILLISECONDS = 25_000;
const PONG_MILLISECONDS = 5_000;
/** Not authenticated, forbidden: only a person can change that. */
const FINAL_CODES = new Set([4401, 4403]);
/** A full server, or a client it found faulty, is left alone for longer from the first try on. */
const SLOW_CODES = new Set([4400, 4429]);

export class Connection {
  state: ConnectionState = { is: "idle" };
  readonly #url: string;
  readonly #platform: Platform;
  readonly #events: ConnectionEvents;
  #socket: Socket | null = null;
  #attempt = 0;
  #retry: Timer = null;
  #watch: Timer = null;

  constructor(url: string, platform: Platform, events: ConnectionEvents) {
    this.#url = url;
    this.#platform = platform;
    this.#events = events;
  }

  start(): void {
    if (this.#socket === null) this.#open();
  }

  /** Close for good; `start` opens again. */
  stop(): void {
    this.#drop(1000);
    this.#platform.stopTimer(this.#retry);
    this.#attempt = 0;
    this.#become({ is: "idle" });
  }

  /** Close and open anew at once, for instance under another name. */
  restart(): void {
    const lost = this.#drop(1000);
    if (lost) this.#events.onLost(1000);
    this.#attempt = 0;
    this.#open();
  }

  /** Something went wrong on this socket: come back on another, after the usual moment. */
  retry(): void {
    if (this.#socket !== null) this.#lose(this.#socket, 1006, "out of step");
  }

  /** The network has changed, or somebody looks again: find out at once how things stand. */
  wake(): void {
    if (this.state.is === "waiting") {
      this.#attempt = 0;
      this.#open();
    } else if (this.state.is === "open") this.#askWhetherThere();
  }

  /** Send if open. `false` means it surely was not sent; `true` promises nothing but the try. */
  send(command: object): boolean {
    if (this.state.is !== "open" || this.#socket === null) return false;
    this.#socket.send(JSON.stringify(command));
    return true;
  }

  #open(): void {
    this.#platform.stopTimer(this.#retry);
    this.#become({ is: "connecting", attempt: this.#attempt });
    const socket = this.#platform.openSocket(this.#url);
    this.#socket = socket;
    this.#watchFor(OPEN_MILLISECONDS, () => this.#lose(socket, 1006, "no answer"));
    socket.onopen = () => {
      this.#become({ is: "open" });
      this.#listen(socket);
      this.#events.onOpen();
    };
    socket.onmessage = ({ data }) => {
      this.#attempt = 0; // only now: a proxy may accept and then close, again and again
      this.#listen(socket);
      if (typeof data === "string") this.#events.onText(data);
    };
    socket.onerror = () => {}; // kept when the socket is dropped: it may fail on closing
    socket.onclose = ({ code, reason }) => this.#lose(socket, code, reason);
  }

  #listen(socket: Socket): void {
    if (this.#socket === socket) this.#watchFor(QUIET_MILLISECONDS, () => this.#askWhetherThere());
  }

  #askWhetherThere(): void {
    const socket = this.#socket;
    if (socket === null || !this.send({ type: "ping" })) return;
    this.#watchFor(PONG_MILLISECONDS, () => this.#lose(socket, 1006, "no answer"));
  }

  #watchFor(milliseconds: number, run: () => void): void {
    this.#platform.stopTimer(this.#watch);
    this.#watch = this.#platform.startTimer(run, milliseconds);
  }

  #lose(socket: Socket, code: number, reason: string): void {
    if (this.#socket !== socket) return;
    this.#drop(1000);
    if (FINAL_CODES.has(code)) this.#become({ is: "refused", code, reason });
    else {
      if (SLOW_CODES.has(code)) this.#attempt = Math.max(this.#attempt, 4);
      const attempt = this.#attempt++;
      const wait = delay(RECONNECT, attempt, this.#platform.random());
      this.#retry = this.#platform.startTimer(() => this.#open(), wait);
      this.#become({ is: "waiting", attempt, until: this.#platform.now() + wait });
    }
    this.#events.onLost(code);
  }

  #drop(code: number): boolean {
    this.#platform.stopTimer(this.#watch);
    const socket = this.#socket;
    this.#socket = null;
    if (socket === null) return false;
    socket.onopen = socket.onmessage = socket.onclose = null;
    socket.close(code);
    return true;
  }

  #become(state: ConnectionState): void {
    this.state = state;
    this.#events.onState(state);
  }
}
