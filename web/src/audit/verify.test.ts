import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import "../ui/words.fixture.ts";
import { START, follow, type Link, type ProvedEvent } from "./verify.ts";

// A room as a server gave it: two people, umlauts and emoji, a redaction.
const room = JSON.parse(await readFile(new URL("verify.fixture.json", import.meta.url), "utf8")) as ProvedEvent[];

async function fault(change: (events: any[]) => void) {
  const events = structuredClone(room);
  change(events);
  const reached = await follow(START, events);
  return "what" in reached ? reached.seq : null;
}

test("a true chain is followed to its head, in one go or in pages", async () => {
  const whole = await follow(START, room) as Link;
  assert.equal(whole.seq, room.length);
  let link: Link = START;
  for (const event of room) link = await follow(link, [event]) as Link;
  assert.deepEqual(link, whole);
});

for (const [name, change, seq] of [
  ["a changed word", (e) => { e[1].message = "Grüsse"; }, 2],
  ["a changed name", (e) => { e[2].username = "eve"; }, 3],
  ["a changed time", (e) => { e[3].at = "2026-11-22T00:00:00.000000Z"; }, 4],
  ["a changed cause", (e) => { e[3].cause = "left"; }, 4],
  ["a changed count of sessions", (e) => { e[4].sessions = 2; }, 5],
  ["a join made a leave", (e) => { e[4].event = "leave"; }, 5],
  ["an id that was not there", (e) => { e[1].id = "x"; }, 2],
  ["another erased seq", (e) => { e[7].of = [2]; }, 8],
  ["another reason", (e) => { e[7].proof.reason = "no reason"; }, 8],
  ["another user behind the name", (e) => { e[5].proof.user_id = "0".repeat(32); }, 6],
  ["a short hash that is not the long one's", (e) => { e[2].hash = "0".repeat(16); }, 3],
  ["a missing event", (e) => { e.splice(3, 1); }, 4],
  ["two events in the other order", (e) => { [e[1], e[2]] = [e[2], e[1]]; }, 2],
  ["a room put together from two", (e) => { e[4].proof.room_id = "0".repeat(32); }, 5],
  ["a format from the future", (e) => { e[6].proof.format = "chatlog-2"; }, 7],
] satisfies [string, (events: any[]) => void, number][])
  test(`${name} shows at its seq`, async () => assert.equal(await fault(change), seq));

test("erased words cannot be checked, but nobody can put others in their place unseen", async () => {
  assert.equal(await fault((events) => { delete events[5].proof.text_commitment; }), 6);
});

test("an event of a type that this page does not know is checked like the others", async () => {
  const noted = JSON.parse(await readFile(new URL("verify.note.fixture.json", import.meta.url), "utf8")) as ProvedEvent[];
  assert.ok("hash" in await follow(START, noted));
  for (const change of [{ id: "n-2" }, { message: "badly said" }, { of: [1] }])
    assert.ok("what" in await follow(START, [...noted.slice(0, 2), { ...noted[2]!, ...change }]));
});

// Where people prove who they are: roles, a topic that is referred to, a kick whose reason was erased.
const governed = JSON.parse(await readFile(new URL("verify.people.fixture.json", import.meta.url), "utf8")) as ProvedEvent[];

test("a chain with people, roles and topics is followed to its head", async () => {
  assert.equal((await follow(START, governed) as Link).seq, governed.length);
});

for (const [name, change, seq] of [
  ["another subject of a member", (e) => { e[2].subject = "u-eve"; }, 3],
  ["another name of a member", (e) => { e[7].member = "eve"; }, 8],
  ["another role", (e) => { e[7].role = "owner"; }, 8],
  ["another end of a role", (e) => { delete e[4].until; }, 5],
  ["another reason", (e) => { e[4].reason = "quiet"; }, 5],
  ["another topic", (e) => { e[0].topic = "coffee"; }, 1],
  ["another topic where it is repeated", (e) => { e[3].topic = "coffee"; }, 4],
  ["an opened lock", (e) => { e[3].locked = false; }, 4],
  ["somebody else who put them out", (e) => { e[6].by = "eve"; }, 7],
  ["another subject of the author", (e) => { e[0].proof.people.by.subject = "u-eve"; }, 1],
] satisfies [string, (events: any[]) => void, number][])
  test(`${name} shows at its seq, in a room with roles`, async () => {
    const events = structuredClone(governed);
    change(events);
    const reached = await follow(START, events);
    assert.equal("what" in reached ? reached.seq : null, seq);
  });
