/**
 * Who was present when, folded from a room's events.
 *
 * A presence is the time from an arrival to the departure of the same user, whatever tabs there
 * were. Where a server died its end is inferred: sure until `sureUntil`, gone by `leftAt`.
 */
import { byCodePoint, type LogEvent } from "../../client/index.ts";

export interface Presence {
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
export function presencesOf(events: readonly LogEvent[], before: readonly string[] = []): Presence[] {
  const presences: Presence[] = [];
  const open = new Map<string, Presence[]>();
  const arrive = (username: string, joinedSeq: number, joinedAt: number) => {
    const presence: Presence = { username, joinedSeq, joinedAt, leftSeq: null, leftAt: null, sureUntil: null, cause: null };
    presences.push(presence);
    // Erased people share a name: their presences are told apart by who came first.
    open.set(username, [...(open.get(username) ?? []), presence]);
  };
  const start = events[0];
  if (start) for (const username of before) arrive(username, start.seq - 1, Date.parse(start.at));
  for (const event of events) {
    if (event.type !== "notification") continue;
    const at = Date.parse(event.at);
    if (event.event === "join") arrive(event.username, event.seq, at);
    else {
      const presence = open.get(event.username)?.shift();
      if (!presence) continue;
      presence.leftSeq = event.seq;
      presence.leftAt = at;
      presence.cause = event.cause ?? null;
      if (event.last_seen_at) presence.sureUntil = Date.parse(event.last_seen_at);
    }
  }
  return presences;
}

/** Who was present once the event at `seq` had happened, sorted by name. */
export function presentAt(presences: readonly Presence[], seq: number): Presence[] {
  return presences.filter((presence) => presence.joinedSeq <= seq && (presence.leftSeq === null || presence.leftSeq > seq))
    .sort((a, b) => byCodePoint(a.username, b.username));
}

/** The number present after each change: times in seconds, counts. */
export function countsOf(presences: readonly Presence[], until: number): [number[], number[]] {
  const changes = presences.flatMap((presence) => [
    { seq: presence.joinedSeq, at: presence.joinedAt, by: 1 },
    ...(presence.leftSeq === null ? [] : [{ seq: presence.leftSeq, at: presence.leftAt!, by: -1 }]),
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
  readonly presences: readonly Presence[];
}

/** A lane for each person, in the order of their first arrival. */
export function lanesOf(presences: readonly Presence[]): Lane[] {
  const lanes = new Map<string, Presence[]>();
  for (const presence of presences) {
    const lane = lanes.get(presence.username);
    if (lane) lane.push(presence);
    else lanes.set(presence.username, [presence]);
  }
  return [...lanes].map(([username, own]) => ({ username, presences: own }));
}
