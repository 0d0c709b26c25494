/**
 * How long to wait before the next try.
 *
 * Doubling keeps a failing server from being hammered; the jitter keeps a thousand clients
 * that lost it at the same moment from coming back at the same moment.
 */
export interface Backoff {
  readonly firstMilliseconds: number;
  readonly maxMilliseconds: number;
}

export const RECONNECT: Backoff = { firstMilliseconds: 400, maxMilliseconds: 15_000 };
export const RESEND: Backoff = { firstMilliseconds: 500, maxMilliseconds: 30_000 };

/** `attempt` counts from 0; the answer lies between half and all of the doubled time. */
export function delay(backoff: Backoff, attempt: number, random: number): number {
  const full = Math.min(backoff.maxMilliseconds, backoff.firstMilliseconds * 2 ** Math.min(attempt, 20));
  return Math.round(full / 2 + (full / 2) * random);
}
