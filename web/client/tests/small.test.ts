import assert from "node:assert/strict";
import { test } from "node:test";
import { Roster, byCodePoint, parseFrame, uuid7, type PresenceEvent } from "../index.ts";

test("a UUIDv7 has its version, its variant and its time, and sorts by it", () => {
  const ones = new Uint8Array(10).fill(0xff), zeros = new Uint8Array(10);
  assert.equal(uuid7(0x0123456789ab, zeros), "01234567-89ab-7000-8000-000000000000");
  assert.equal(uuid7(0x0123456789ab, ones), "01234567-89ab-7fff-bfff-ffffffffffff");
  assert.ok(uuid7(1_000, ones) < uuid7(1_001, zeros));
});

test("frames that are none are ignored", () => {
  for (const text of ["", "{", "[]", "null", "7", '"chat"', "{}", '{"type":7}', '{"type":"chat","room":"r"}',
    '{"type":"chat","room":"r","seq":0,"hash":"","at":""}', '{"type":"chat","room":"r","seq":1.5,"hash":"","at":""}'])
    assert.equal(parseFrame(text), null, text);
});

test("names are sorted as the server sorts them, by code point", () => {
  assert.deepEqual(["\u{1f600}", "\uff21", "b", "ab", "a"].sort(byCodePoint), ["a", "ab", "b", "\uff21", "\u{1f600}"]);
});

const presence = (seq: number, event: "join" | "leave", username: string, sessions: number,
  type: "notification" | "session" = "notification"): PresenceEvent =>
  ({ type, event, room: "r", seq, hash: "", at: "", username, sessions });

test("a roster counts each user once and knows the number of those it has no name of", () => {
  const roster = new Roster();
  roster.apply(presence(1, "join", "early", 1)); // before the first frame: part of it
  roster.replace({ type: "users", room: "r", seq: 10, users: ["ada", "bob"], count: 5 });
  roster.apply(presence(9, "leave", "ada", 0)); // folded into the frame already
  assert.deepEqual([roster.names, roster.count], [["ada", "bob"], 5]);
  roster.apply(presence(11, "join", "ada", 2, "session"));
  roster.apply(presence(12, "leave", "ada", 1, "session"));
  assert.deepEqual([roster.names, roster.count], [["ada", "bob"], 5]);
  roster.apply(presence(13, "leave", "bob", 0));
  roster.apply(presence(14, "join", "cyd", 1));
  assert.deepEqual([roster.names, roster.count], [["ada", "cyd"], 5]);
  roster.apply(presence(15, "leave", "somebody unnamed", 0));
  roster.apply(presence(16, "join", "another unnamed", 2, "session"));
  assert.deepEqual([roster.names, roster.count], [["ada", "another unnamed", "cyd"], 4]);
});
