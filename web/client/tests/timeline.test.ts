import assert from "node:assert/strict";
import { test } from "node:test";
import { Timeline, type LogEvent } from "../index.ts";
import { World, settle, texts } from "./fake-server.ts";

const chat = (seq: number): LogEvent =>
  ({ type: "chat", room: "r", seq, hash: `h${seq}`, at: "2026-11-22T17:00:00.000000Z", username: "ada", message: `m${seq}` });
const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => chat(first + index));
function filled(first: number, last: number): Timeline {
  const timeline = new Timeline();
  for (const event of range(first, last)) timeline.append(event);
  return timeline;
}
function assertContiguous(timeline: Timeline): void {
  timeline.events.forEach((event, index) => assert.equal(event.seq, timeline.first! + index));
}

test("repeats are ignored and a gap is told", () => {
  const timeline = filled(1, 5);
  assert.equal(timeline.append(chat(5)), "known");
  assert.equal(timeline.append(chat(3)), "known");
  assert.equal(timeline.append(chat(7)), "gap");
  assert.equal(timeline.append(chat(6)), "added");
  assert.deepEqual(timeline.head, { seq: 6, hash: "h6" });
});

test("memory stays bounded however many events come", () => {
  const timeline = filled(1, 10_000);
  assert.equal(timeline.events.length, 300);
  assert.equal(timeline.last, 10_000);
  assert.equal(timeline.moreBefore, true);
});

test("scrolling back to the beginning and forth to the present meets no gap", () => {
  const timeline = filled(4_901, 5_000);
  while (timeline.moreBefore) {
    const first = timeline.first!;
    timeline.prepend(range(Math.max(1, first - 100), first - 1));
    assertContiguous(timeline);
    assert.ok(timeline.events.length <= 300);
  }
  assert.equal(timeline.first, 1);
  assert.equal(timeline.atPresent, false);
  timeline.append(chat(5_001));
  while (!timeline.atPresent) {
    timeline.extend(range(timeline.last! + 1, Math.min(5_001, timeline.last! + 100)));
    assertContiguous(timeline);
  }
  assert.equal(timeline.last, 5_001);
});

test("the present is one step away from anywhere", () => {
  const timeline = filled(900, 1_000);
  timeline.show(range(1, 100));
  timeline.append(chat(1_001));
  assert.equal(timeline.last, 100);
  timeline.toPresent();
  assert.deepEqual([timeline.first, timeline.last], [900, 1_001]);
});

test("a stretch that touches the tail becomes one with it", () => {
  const timeline = filled(150, 200);
  timeline.show(range(100, 160));
  assert.deepEqual([timeline.atPresent, timeline.first, timeline.last], [true, 100, 200]);
});

test("an answer that knows more than was heard live is cut at the head", () => {
  const timeline = filled(150, 200);
  timeline.show(range(100, 205));
  assert.equal(timeline.last, 200);
  assert.equal(timeline.append(chat(201)), "added");
});

test("what is being read does not go away when new messages come", () => {
  const timeline = filled(1, 250);
  timeline.following = false;
  for (const event of range(251, 2_000)) timeline.append(event);
  assert.equal(timeline.first, 1);
  assert.ok(timeline.events.length <= 301);
  timeline.toPresent();
  assert.equal(timeline.last, 2_000);
  assertContiguous(timeline);
});

test("an erased text does not come back from an answer that was under way", () => {
  const timeline = filled(101, 120);
  timeline.append({ type: "erasure", room: "r", seq: 121, hash: "h", at: "", of: [90, 110], username: "root" });
  timeline.prepend(range(81, 100));
  for (const seq of [90, 110]) {
    const event = timeline.find(seq);
    assert.ok(event?.type === "chat" && event.erased && event.message === "");
  }
});

test("a page of history that does not fit is not taken", () => {
  const timeline = filled(101, 120);
  timeline.prepend(range(1, 50));
  assert.equal(timeline.first, 101);
});

test("older pages, links and the way back work against a server", async () => {
  const world = new World();
  for (let n = 1; n <= 1_000; n++) world.server.chat("general", "bob", `${n}`);
  const client = world.client();
  client.start();
  const room = client.join("general");
  await settle();
  assert.equal(texts(client, "general")[0], "901");
  await room.loadOlder();
  assert.equal(texts(client, "general")[0], "801");
  assert.equal(await room.showAround(500), true);
  assert.equal(room.timeline.atPresent, false);
  assert.equal(await room.showAround(5_000), false);
  room.timeline.toPresent();
  assert.equal(texts(client, "general").at(-1), "1000");
  await room.showAround(500);
  for (let n = 0; n < 20 && !room.timeline.atPresent; n++) await room.loadNewer();
  assert.equal(room.timeline.last, world.server.events("general").length);
});

test("erased names arrive with the server's new bytes", async () => {
  const world = new World();
  world.server.chat("general", "bob", "secret");
  const client = world.client();
  client.start();
  const room = client.join("general");
  await settle();
  Object.assign(world.server.events("general")[0]!, { username: "(erased)", message: "", erased: true });
  world.server.append("general", { type: "erasure", of: [1], username: "root" });
  await settle();
  assert.deepEqual(room.timeline.find(1), world.server.events("general")[0]);
});

test("a server that refuses a page of history is not asked again at once", async () => {
  const world = new World();
  for (let n = 1; n <= 300; n++) world.server.chat("general", "bob", `${n}`);
  const client = world.client();
  client.start();
  const room = client.join("general");
  await settle();
  const take = world.server.take;
  world.server.take = function (socket, command) {
    if (command["type"] !== "history") return take.call(this, socket, command);
    this.asked.push(command);
    socket.deliver({ type: "error", code: "rate_limited", message: "Slower.", id: command["id"] });
  };
  for (let n = 0; n < 5; n++) await room.loadOlder();
  assert.equal(world.server.count("history"), 1);
  world.server.take = take;
  await world.pass(2_000);
  await room.loadOlder();
  assert.equal(texts(client, "general")[0], "101");
});
