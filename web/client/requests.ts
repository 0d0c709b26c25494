/** Questions under way: each gets an id, and its answer, an error or the loss of the connection. */
import type { Answer } from "./frames.ts";
import type { Platform, Timer } from "./platform.ts";

/** The server said no; `code` is one of the contract's. */
export class Refused extends Error {
  readonly code: string;
  /** Seconds after which it may work, if the server has told. */
  readonly retryAfter: number | null;
  constructor(code: string, message: string, retryAfter: number | null = null) {
    super(message);
    this.name = "Refused";
    this.code = code;
    this.retryAfter = retryAfter;
  }
}

/** There was no connection, it was lost, or no answer came in time. */
export class Unreachable extends Error {
  constructor(message = "The server cannot be reached at the moment.") {
    super(message);
    this.name = "Unreachable";
  }
}

interface Waiter {
  readonly resolve: (frame: Answer) => void;
  readonly reject: (error: Error) => void;
  readonly timer: Timer;
}

const ANSWER_MILLISECONDS = 30_000;

export class Requests {
  readonly #platform: Platform;
  readonly #send: (command: object) => boolean;
  readonly #waiting = new Map<string, Waiter>();
  #count = 0;

  constructor(platform: Platform, send: (command: object) => boolean) {
    this.#platform = platform;
    this.#send = send;
  }

  /** `id`: one that never repeats, for a command that the server carries out once for each. */
  ask(command: object, id = `q-${++this.#count}`): Promise<Answer> {
    return new Promise((resolve, reject) => {
      if (!this.#send({ ...command, id })) return reject(new Unreachable());
      const timer = this.#platform.startTimer(() => this.#take(id)?.reject(new Unreachable()), ANSWER_MILLISECONDS);
      this.#waiting.set(id, { resolve, reject, timer });
    });
  }

  /** Hand a frame to who asked for it; false if nobody did. */
  answer(frame: Answer): boolean {
    const waiter = frame.id === undefined ? null : this.#take(frame.id);
    if (!waiter) return false;
    if (frame.type === "error") waiter.reject(new Refused(frame.code, frame.message, frame.retry_after ?? null));
    else waiter.resolve(frame);
    return true;
  }

  lost(): void {
    for (const id of [...this.#waiting.keys()]) this.#take(id)?.reject(new Unreachable());
  }

  #take(id: string): Waiter | null {
    const waiter = this.#waiting.get(id);
    if (!waiter) return null;
    this.#waiting.delete(id);
    this.#platform.stopTimer(waiter.timer);
    return waiter;
  }
}
