import assert from "node:assert/strict";
import { test } from "node:test";
import "../ui/words.fixture.ts";
import { runsUntil, type Look } from "./looks.ts";

const look = (time: string, subject: string, what: string, seq: number | null = null): Look =>
  ({ at: `2026-11-22T${time}.000000Z`, subject, username: subject, what, seq });
const LOOKS = [
  look("10:00:00", "u-1", "read"),
  look("10:00:01", "u-1", "read"),
  look("10:00:02", "u-1", "witnesses", 3),
  look("10:00:03", "u-1", "witnesses", 4),
  look("10:00:04", "u-2", "read"),
  look("10:00:05", "u-1", "read"),
  look("11:00:00", "u-1", "read"),
];
const told = (at: string | null) => runsUntil(LOOKS, at).map(({ subject, what, seq, count }) => [subject, what, seq, count]);

test("looks of one person at one thing are told once, with their number, the last ones first", () => {
  assert.deepEqual(told(null), [
    ["u-1", "read", null, 1], // of another hour
    ["u-1", "read", null, 1],
    ["u-2", "read", null, 1],
    ["u-1", "witnesses", 4, 1],
    ["u-1", "witnesses", 3, 1],
    ["u-1", "read", null, 2],
  ]);
  assert.equal(runsUntil(LOOKS, null).at(-1)!.at, LOOKS[1]!.at);
});

test("of a moment there are the looks until then, those of its very time included", () => {
  assert.deepEqual(told("2026-11-22T09:59:59.999999Z"), []);
  assert.deepEqual(told("2026-11-22T10:00:00.000000Z"), [["u-1", "read", null, 1]]);
  assert.deepEqual(told("2026-11-22T10:00:01.999999Z"), [["u-1", "read", null, 2]]);
});
