import assert from "node:assert/strict";
import { test } from "node:test";
import type { MemberFrame } from "../../client/index.ts";
import { rolesAt } from "./roles.ts";

const given = (seq: number, subject: string, role: string, until?: string): MemberFrame =>
  ({ type: "member", room: "r", seq, hash: "", at: `2026-11-22T17:00:0${seq}.000000Z`, member: subject, subject, role, username: "ada", ...(until && { until }) });
const told = (events: MemberFrame[], seq: number, at: string) => rolesAt(events, seq, at).map(({ username, role }) => `${username} ${role}`);

test("roles are those of the moment, and one that has run out gives way to the one before", () => {
  const events = [given(1, "ada", "owner"), given(2, "bob", "member"), given(3, "bob", "reader", "2026-11-22T18:00:00.000000Z"),
    given(4, "cyd", "banned", "2026-11-22T17:30:00.000000Z"), given(5, "ada", "none")];
  assert.deepEqual(told(events, 2, "2026-11-22T17:00:02.000000Z"), ["ada owner", "bob member"]);
  assert.deepEqual(told(events, 4, "2026-11-22T17:00:04.000000Z"), ["ada owner", "bob reader", "cyd banned"]);
  assert.deepEqual(told(events, 5, "2026-11-22T19:00:00.000000Z"), ["bob member"]);
});
