/** Looks as they are told: what one person looked at by a scope of their token, and how often. */
import type { Key } from "../ui/words.ts";

export interface Look {
  readonly at: string;
  readonly subject: string;
  readonly username: string;
  readonly what: string;
  readonly seq: number | null;
}

/** Looks of one person at the same thing, one after the other; `at` is the time of the last. */
export interface Run extends Look {
  readonly count: number;
}

/** Those until a time (null: all), the last first, with repeated ones of an hour as one. */
export function runsUntil(looks: readonly Look[], at: string | null): Run[] {
  const runs: Run[] = [];
  for (const look of looks) {
    if (at !== null && look.at > at) break;
    const last = runs.at(-1);
    if (last && isSame(last, look)) runs[runs.length - 1] = { ...look, count: last.count + 1 };
    else runs.push({ ...look, count: 1 });
  }
  return runs.reverse();
}

function isSame(one: Look, other: Look): boolean {
  return one.subject === other.subject && one.username === other.username && one.what === other.what && one.seq === other.seq
    && one.at.slice(0, 13) === other.at.slice(0, 13);
}

/** What somebody did, in words that go on with "event 3" if there is a seq. */
export const LOOK_WORDS: Readonly<Record<string, Key>> = {
  read: "lookRead", users_at: "lookUsersAt", sessions: "lookSessions",
  witnesses: "lookWitnesses", verify: "lookVerify", proof: "lookProof",
};
