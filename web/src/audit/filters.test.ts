import assert from "node:assert/strict";
import { test } from "node:test";
import "../ui/words.fixture.ts";
import type { LogEvent } from "../../client/index.ts";
import { asCsv, asJsonLines } from "./exports.ts";
import { NO_FILTERS, faultOf, isReadable, passing, type Filters } from "./filters.ts";

const base = (seq: number) => ({ room: "r", seq, hash: "0123456789abcdef", at: `2026-11-22T10:00:0${seq}.000000Z` });
const events: LogEvent[] = [
  { ...base(1), type: "notification", event: "join", username: "Ada", sessions: 1 },
  { ...base(2), type: "chat", username: "Ada", message: "Hello, \"world\"" },
  { ...base(3), type: "session", event: "join", username: "Ada", sessions: 2 },
  { ...base(4), type: "chat", username: "bob", message: "=cmd()" },
  { ...base(5), type: "notification", event: "leave", username: "Ada", sessions: 0, cause: "lapsed" },
  { ...base(6), type: "erasure", of: [2], username: "root" },
];
const seqs = (filters: Partial<Filters>) => passing(events, { ...NO_FILTERS, ...filters }).map((index) => events[index]!.seq);

test("filters narrow by who, type, text, and from and to by seq or time", () => {
  assert.deepEqual(seqs({}), [1, 2, 3, 4, 5, 6]);
  assert.deepEqual(seqs({ who: "ada" }), [1, 2, 3, 5]);
  assert.deepEqual(seqs({ type: "join" }), [1, 3]);
  assert.deepEqual(seqs({ text: "hello" }), [2]);
  assert.deepEqual(seqs({ from: "3", to: "4" }), [3, 4]);
  assert.deepEqual(seqs({ from: "2026-11-22T10:00:05Z" }), [5, 6]);
  assert.deepEqual(seqs({ who: "ada", type: "chat", to: "9" }), [2]);
});

test("a date is a whole day on the reader's clock, at either end", () => {
  const at = (local: string) => new Date(local).toISOString();
  const day = ["2025-11-29T23:59:59.999", "2025-11-30T00:00", "2025-11-30T23:59:59.999", "2025-12-01T00:00"]
    .map((local, index): LogEvent => ({ ...base(index + 1), at: at(local), type: "chat", username: "Ada", message: "" }));
  const those = (filters: Partial<Filters>) => passing(day, { ...NO_FILTERS, ...filters }).map((index) => index + 1);
  assert.deepEqual(those({ from: "2025-11-30", to: "2025-11-30" }), [2, 3]);
  assert.deepEqual(those({ to: "2025-11-30" }), [1, 2, 3]);
  assert.deepEqual(those({ from: "2025-12-01" }), [4]);
  assert.deepEqual(those({ to: "2025-11-30 00:00" }), [1, 2]);
});

test("less than a date, and a date in no calendar, cannot be read", () => {
  const bad = ["2025-11", "2025-02-30", "2025-13-01", "2025-02-30 10:00", "2025-11-30 25:00", "Nov 30", "5 maybe"];
  assert.deepEqual(bad.filter(isReadable), []);
  const good = ["2025-11-30", "2025-11-30T10:00Z", "2025-11-30 10:00:00.5+0100", " 7 ", "2025"];
  assert.deepEqual(good.filter(isReadable), good);
});

test("a filter that cannot be read lets nothing pass and is told", () => {
  for (const filters of [{ from: "some time" }, { to: "never" }, { type: "chats" }, { who: "ada", to: "12:" }]) {
    assert.deepEqual(seqs(filters), []);
    assert.ok(faultOf({ ...NO_FILTERS, ...filters }) !== null);
  }
  assert.equal(faultOf({ ...NO_FILTERS, type: "chat", from: "1", to: " 2026-11-22 10:00 " }), null);
  assert.deepEqual([isReadable("some time"), isReadable(""), isReadable("12"), isReadable("2026-11-22 10:00")], [false, true, true, true]);
});

test("JSON lines are the events as they came", () => {
  assert.deepEqual(asJsonLines(events).trimEnd().split("\n").map((line) => JSON.parse(line)), events);
});

test("a table quotes what must be quoted and hands no formula to a spreadsheet", () => {
  const lines = asCsv(events).split("\r\n");
  assert.equal(lines[0], '\uFEFF"room","seq","at","type","username","message","cause","sessions","erased","hash"');
  assert.equal(lines[2], '"r","2","2026-11-22T10:00:02.000000Z","chat","Ada","Hello, ""world""","","","","0123456789abcdef"');
  assert.ok(lines[4]!.includes(`,"'=cmd()",`));
  assert.equal(lines[5]!.split(",")[6], '"lapsed"');
});
