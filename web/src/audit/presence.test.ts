import assert from "node:assert/strict";
import { test } from "node:test";
import type { LogEvent } from "../../client/index.ts";
import { countsOf, lanesOf, presentAt, presencesOf } from "./presence.ts";

const SECOND = 1_000;
function room(...steps: [who: string, event: "join" | "leave", sessions: number, more?: object][]): LogEvent[] {
  return steps.map(([username, event, sessions, more], index) => ({
    type: sessions > (event === "join" ? 1 : 0) ? "session" : "notification", event, username, sessions,
    room: "r", seq: index + 1, hash: "", at: new Date((index + 1) * SECOND).toISOString(), ...more,
  }));
}
const names = (events: LogEvent[], seq: number, before?: string[]) => presentAt(presencesOf(events, before), seq).map((presence) => presence.username);

test("who was present at a seq is the fold including that event", () => {
  const events = room(["ada", "join", 1], ["bob", "join", 1], ["ada", "leave", 0], ["ada", "join", 1]);
  assert.deepEqual([1, 2, 3, 4].map((seq) => names(events, seq)), [["ada"], ["ada", "bob"], ["bob"], ["ada", "bob"]]);
});

test("tabs of one person are one presence", () => {
  const events = room(["ada", "join", 1], ["ada", "join", 2], ["ada", "leave", 1], ["ada", "leave", 0]);
  assert.equal(presencesOf(events).length, 1);
  assert.deepEqual([names(events, 3), names(events, 4)], [["ada"], []]);
});

test("who was there before the first event loaded is there until they leave", () => {
  const events = room(["ada", "leave", 0], ["bob", "join", 1]);
  assert.deepEqual([names(events, 1, ["ada", "cyd"]), names(events, 2, ["ada", "cyd"])], [["cyd"], ["bob", "cyd"]]);
});

test("an end that was inferred says until when it is sure", () => {
  const events = room(["ada", "join", 1], ["ada", "leave", 0, { cause: "lapsed", last_seen_at: new Date(1_500).toISOString() }]);
  assert.deepEqual(presencesOf(events).map(({ sureUntil, leftAt, cause }) => ({ sureUntil, leftAt, cause })),
    [{ sureUntil: 1_500, leftAt: 2_000, cause: "lapsed" }]);
});

test("people whose names were erased are told apart by who came first", () => {
  const events = room(["(erased)", "join", 1], ["(erased)", "join", 1], ["(erased)", "leave", 0]);
  assert.deepEqual([2, 3].map((seq) => names(events, seq).length), [2, 1]);
});

test("the curve counts, and goes on to the end only while somebody is there", () => {
  const events = room(["ada", "join", 1], ["bob", "join", 1], ["ada", "leave", 0]);
  assert.deepEqual(countsOf(presencesOf(events), 9 * SECOND), [[1, 2, 3, 9], [1, 2, 1, 1]]);
  assert.deepEqual(countsOf(presencesOf([...events, ...room(["bob", "leave", 0]).map((event) => ({ ...event, seq: 4, at: new Date(4 * SECOND).toISOString() }))]), 9 * SECOND)[1], [1, 2, 1, 0]);
  assert.deepEqual(countsOf([], 9), [[], []]);
});

test("there is a lane for each person, in the order of arrival", () => {
  const events = room(["bob", "join", 1], ["ada", "join", 1], ["bob", "leave", 0], ["bob", "join", 1]);
  assert.deepEqual(lanesOf(presencesOf(events)).map(({ username, presences }) => [username, presences.length]), [["bob", 2], ["ada", 1]]);
});
