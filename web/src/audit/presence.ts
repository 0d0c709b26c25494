/**
 * Who was present when, folded from a room's events.
 *
 * A stay is the time from an arrival to the departure of the same user, whatever tabs there
 * were. Where a server died its end is inferred: sure until `sureUntil`, gone by `leftAt`.
 */
import { byCodePoint, type LogEvent } from "../../client/index.ts";

export interface Stay {
  readonly username: string;
  readonly joinedSeq: number;
  /** Milliseconds since 1970, like all times here. */
  readonly joinedAt: number;
  leftSeq: number | null;
  leftAt: number | null;
  /** The end is inferred: the server that knew had died. */
  sureUntil: number | null;
  cause: string | null;
}

/** `before`: who was present already when these events begin. */
export function staysOf(events: readonly LogEvent[], before: readonly string[] = []): Stay[] {
  const stays: Stay[] = [];
  const open = new Map<string, Stay[]>();
  const arrive = (username: string, joinedSeq: number, joinedAt: number) => {
    const stay: Stay = { username, joinedSeq, joinedAt, leftSeq: null, leftAt: null, sureUntil: null, cause: null };
    stays.push(stay);
    // Erased people share a name: their stays are told apart by who came first.
    open.set(username, [...(open.get(username) ?? []), stay]);
  };
  const start = events[0];
  if (start) for (const username of before) arrive(username, start.seq - 1, Date.parse(start.at));
  for (const event of events) {
    if (event.type !== "notification") continue;
    const at = Date.parse(event.at);
    if (event.event === "join") arrive(event.username, event.seq, at);
    else {
      const stay = open.get(event.username)?.shift();
      if (!stay) continue;
      stay.leftSeq = event.seq;
      stay.leftAt = at;
      stay.cause = event.cause ?? null;
      if (event.last_seen_at) stay.sureUntil = Date.parse(event.last_seen_at);
    }
  }
  return stays;
}

/** Who was present once the event at `seq` had happened, sorted by name. */
export function presentAt(stays: readonly Stay[], seq: number): Stay[] {
  return stays.filter((stay) => stay.joinedSeq <= seq && (stay.leftSeq === null || stay.leftSeq > seq))
    .sort((a, b) => byCodePoint(a.username, b.username));
}

/** The number present after each change: times in seconds, counts. */
export function countsOf(stays: readonly Stay[], until: number): [number[], number[]] {
  const changes = stays.flatMap((stay) => [
    { seq: stay.joinedSeq, at: stay.joinedAt, by: 1 },
    ...(stay.leftSeq === null ? [] : [{ seq: stay.leftSeq, at: stay.leftAt!, by: -1 }]),
  ]).sort((a, b) => a.seq - b.seq);
  const times: number[] = [], counts: number[] = [];
  let count = 0;
  for (const { at, by } of changes) {
    count += by;
    if (times.at(-1) === at / 1000) counts[counts.length - 1] = count;
    else {
      times.push(at / 1000);
      counts.push(count);
    }
  }
  // Drawn on to the end only while somebody is there: an empty room needs no paper.
  if (count > 0 && until / 1000 > times.at(-1)!) {
    times.push(until / 1000);
    counts.push(count);
  }
  return [times, counts];
}

export interface Lane {
  readonly username: string;
  readonly stays: readonly Stay[];
}

/** A lane for each person, in the order of their first arrival. */
export function lanesOf(stays: readonly Stay[]): Lane[] {
  const lanes = new Map<string, Stay[]>();
  for (const stay of stays) {
    const lane = lanes.get(stay.username);
    if (lane) lane.push(stay);
    else lanes.set(stay.username, [stay]);
  }
  return [...lanes].map(([username, own]) => ({ username, stays: own }));
}
