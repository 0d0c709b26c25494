import assert from "node:assert/strict";
import { test } from "node:test";
import { Roster, Timeline, firstSeq, memoryStorage, parseFrame, type LogEvent, type PresenceFrame, type RoomEvent } from "../index.ts";
import { World, settle, texts } from "./fake-server.ts";

const at = "2026-11-22T17:00:00.000000Z";
const digest = (from: number, seq: number, more: Partial<PresenceFrame> = {}): PresenceFrame =>
  ({ type: "presence", room: "r", from, seq, hash: `h${seq}`, joined: [], left: [], count: 0, ...more });
const joined = (seq: number): LogEvent =>
  ({ type: "notification", event: "join", room: "r", seq, hash: `h${seq}`, at, username: `user${seq}`, sessions: 1 });
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => joined(first + index));
function filled(...events: RoomEvent[]): Timeline {
  const timeline = new Timeline();
  for (const event of events) assert.equal(timeline.append(event), "added");
  return timeline;
}
const spans = ({ events }: Timeline) => events.map((event) => [firstSeq(event), event.seq]);
function assertContiguous({ events }: Timeline): void {
  events.slice(1).forEach((event, index) => assert.equal(firstSeq(event), events[index]!.seq + 1));
}

async function member(world: World, options: object = {}) {
  const events: RoomEvent[] = [];
  const client = world.client("ada", memoryStorage(), { onEvent: (_: unknown, event: RoomEvent) => events.push(event) });
  client.start();
  const room = client.join("general", { presence: "digest", ...options });
  await settle();
  return { client, room, events, spans: () => events.map((event) => [firstSeq(event), event.seq]) };
}

test("who asks for digests hears of many at once, and knows who is present", async () => {
  const world = new World();
  const { client, room, events, spans } = await member(world);
  world.server.storm("general", ["bob", "eve", "dan"]);
  world.server.chat("general", "bob", "hello");
  world.server.storm("general", ["fay"], ["bob", "eve"]);
  await settle();
  assert.deepEqual(spans(), [[1, 1], [2, 4], [5, 5], [6, 8]]);
  assert.deepEqual(events.map(({ type }) => type), ["notification", "presence", "chat", "presence"]);
  assert.deepEqual([room.roster.names, room.roster.count], [["ada", "dan", "fay"], 3]);
  assert.deepEqual(room.timeline.head, { seq: 8, hash: "a8" });
  assert.deepEqual(texts(client, "general"), ["hello"]);
  assert.equal(world.server.count("join"), 1);
});

test("nobody else is sent digests", async () => {
  const world = new World();
  const { events } = await member(world, { presence: "full" });
  world.server.storm("general", ["bob", "eve"]);
  await settle();
  assert.deepEqual(events.map(({ seq }) => seq), [1, 2, 3]);
  assert.ok(world.server.asked.every((command) => !("presence" in command)));
});

test("a client that comes back continues after a digest, and asks for digests again", async () => {
  const world = new World();
  const { room, spans } = await member(world);
  world.server.storm("general", ["bob", "eve"]);
  await settle();
  world.server.crash();
  world.server.chat("general", "bob", "missed");
  await world.pass(60_000);
  world.server.storm("general", [], ["bob", "eve"]);
  await settle();
  const again = world.server.asked.findLast(({ type }) => type === "join")!;
  assert.deepEqual([again.after, again.hash, again.presence], [3, "a3", "digest"]);
  assert.deepEqual(spans(), [[1, 1], [2, 3], [4, 4], [5, 5], [6, 6], [7, 8]]);
  assert.deepEqual([room.roster.names, room.roster.count], [["ada"], 1]);
});

test("a digest is next where its first seq is", () => {
  const timeline = filled(joined(1), digest(2, 5));
  assert.equal(timeline.append(digest(2, 5)), "known");
  assert.equal(timeline.append(digest(7, 9)), "gap");
  assert.equal(timeline.append(digest(4, 9)), "gap");
  assert.equal(timeline.append(digest(6, 9)), "added");
  assert.deepEqual(timeline.head, { seq: 9, hash: "h9" });
  assert.deepEqual([timeline.find(1)?.seq, timeline.find(3), timeline.find(9), timeline.find(10)], [1, null, null, null]);
});

test("a digest counts as its events in what is kept", () => {
  const timeline = new Timeline();
  for (let seq = 0; seq < 20_000; seq += 500) timeline.append(digest(seq + 1, seq + 500));
  assert.deepEqual([timeline.first, timeline.last, timeline.events.length], [17_001, 20_000, 6]);
});

test("the events of a digest take its place when a page of the past brings them", () => {
  const timeline = filled(joined(101), digest(102, 150), joined(151), digest(152, 160));
  timeline.show(range(60, 120)); // it ends within the first digest
  assert.equal(timeline.atPresent, false);
  assert.equal(timeline.find(110)?.seq, 110);
  timeline.extend(range(121, 155)); // and now within the second
  assert.equal(timeline.atPresent, false);
  timeline.extend(range(156, 160));
  assert.equal(timeline.atPresent, true);
  assert.deepEqual(spans(timeline), range(60, 160).map(({ seq }) => [seq, seq]));
  timeline.append(digest(161, 170));
  timeline.prepend(range(1, 59));
  assertContiguous(timeline);
  assert.deepEqual([timeline.first, timeline.last], [1, 170]);
});

test("a page that ends where a digest begins meets it", () => {
  const timeline = filled(digest(102, 150), joined(151));
  timeline.show(range(60, 101));
  assert.equal(timeline.atPresent, true);
  assertContiguous(timeline);
  assert.deepEqual(spans(timeline).slice(-2), [[102, 150], [151, 151]]);
});

test("an erased name does not stay in a digest", () => {
  const timeline = filled(digest(1, 9, { joined: ["eve"], left: ["bob"], count: 7 }), digest(10, 20, { joined: ["fay"] }));
  timeline.append({ type: "erasure", room: "r", seq: 21, hash: "h21", at, of: [4], username: "root" });
  assert.deepEqual(timeline.events.slice(0, 2), [digest(1, 9, { count: 7 }), digest(10, 20, { joined: ["fay"] })]);
  timeline.replace([{ ...joined(9), erased: true } as LogEvent]);
  assert.deepEqual(spans(timeline), [[1, 9], [10, 20], [21, 21]]);
});

test("a roster takes the names of a digest, and the number of those it has no name of", () => {
  const roster = new Roster();
  roster.applyDigest(digest(1, 5, { joined: ["early"], count: 1 })); // before the first frame: part of it
  roster.replace({ type: "users", room: "r", seq: 10, users: ["ada", "bob"], count: 5 });
  roster.applyDigest(digest(11, 20, { joined: ["cyd"], left: ["bob", "somebody unnamed"], count: 4 }));
  assert.deepEqual([roster.names, roster.count], [["ada", "cyd"], 4]);
  roster.applyDigest(digest(21, 22, { joined: ["ada"], left: ["ada"], count: 4 })); // another ada came
  assert.deepEqual([roster.names, roster.count], [["ada", "cyd"], 4]);
});

test("digests that are none are ignored", () => {
  assert.deepEqual(parseFrame(JSON.stringify(digest(1, 2))), digest(1, 2));
  for (const wrong of [{ from: 3 }, { from: 0 }, { from: "1" }, { hash: null }, { joined: "ada" }, { left: null }, { count: 0.5 }])
    assert.equal(parseFrame(JSON.stringify({ ...digest(1, 2), ...wrong })), null, JSON.stringify(wrong));
});
