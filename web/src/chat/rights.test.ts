import assert from "node:assert/strict";
import { test } from "node:test";
import "../ui/words.fixture.ts";
import { ROLES, Standing } from "../../client/index.ts";
import { mayChat, mayKick, mayMute, mayResign, rolesToGive } from "./rights.ts";

test("only owners and moderators give roles, moderators none above their own reach", () => {
  for (const actor of ["banned", "none", "reader", "member"] as const)
    for (const target of ROLES) assert.deepEqual(rolesToGive(actor, target), []);
  for (const target of ["moderator", "owner"] as const) assert.deepEqual(rolesToGive("moderator", target), []);
  assert.deepEqual(rolesToGive("moderator", "member"), ["member", "reader", "none", "banned"]);
  assert.equal(rolesToGive("owner", "owner").length, ROLES.length);
});

test("a kick and a mute go down the ranks, and only those who write are muted", () => {
  assert.deepEqual(ROLES.filter((target) => mayKick("moderator", target)), ["banned", "none", "reader", "member"]);
  assert.ok(ROLES.every((target) => mayKick("owner", target)));
  assert.deepEqual(ROLES.filter((target) => mayMute("moderator", target, false)), ["member"]);
  assert.deepEqual(ROLES.filter((target) => mayMute("moderator", target, true)), ["none", "member"]);
});

test("in a locked room moderators and owners write", () => {
  assert.deepEqual(ROLES.filter((role) => mayChat(role, false)), ["member", "moderator", "owner"]);
  assert.deepEqual(ROLES.filter((role) => mayChat(role, true)), ["moderator", "owner"]);
});

test("the last owner and those whose role has an end do not resign", () => {
  const member = (subject: string, role: string, until: string | null = null) => ({ subject, username: subject, role, since_seq: 1, until });
  const standing = new Standing();
  standing.replace(null, [member("ada", "owner"), member("bob", "reader"), member("cyd", "member", "2026")], 1);
  const may = (subject: string) => mayResign(standing.member(subject), standing);
  assert.deepEqual(["ada", "bob", "cyd", "dee"].map(may), [false, false, false, false]);
  standing.replace(null, [member("ada", "owner"), member("eve", "owner"), member("bob", "member")], 1);
  assert.deepEqual(["ada", "bob"].map(may), [true, true]);
});
