import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStorage, type Notice } from "../index.ts";
import { FakeSocket, World, settle, texts } from "./fake-server.ts";

async function member(world: World, username = "ada", storage = memoryStorage()) {
  const notices: Notice[] = [];
  const client = world.client(username, storage, { onNotice: (_: unknown, notice: Notice) => notices.push(notice) });
  client.start();
  const room = client.join("general");
  await settle();
  return { client, room, notices, storage };
}

test("two people in a room see each other's messages in one order", async () => {
  const world = new World();
  const ada = await member(world, "ada"), bob = await member(world, "bob");
  ada.room.send("hello");
  bob.room.send("hi");
  await settle();
  assert.deepEqual(texts(ada.client, "general").sort(), ["hello", "hi"]);
  assert.deepEqual(ada.room.timeline.events.slice(-2), bob.room.timeline.events.slice(-2));
  assert.deepEqual(ada.room.roster.names, ["ada", "bob"]);
  assert.deepEqual(ada.room.outbox.pending, []);
});

test("a message shows at once and takes its place with the answer", async () => {
  const world = new World();
  const { client, room } = await member(world);
  room.send("soon");
  assert.deepEqual(room.outbox.pending.map((pending) => [pending.message, pending.state]), [["soon", "sent"]]);
  assert.deepEqual(texts(client, "general"), []);
  await settle();
  assert.deepEqual(room.outbox.pending, []);
  assert.deepEqual(texts(client, "general"), ["soon"]);
});

test("what was missed while away comes in exactly once, and is counted", async () => {
  const world = new World();
  const { client, room, notices } = await member(world);
  world.server.chat("general", "bob", "one");
  await settle();
  world.reachable = false;
  world.server.crash();
  await settle();
  assert.equal(client.connection.is, "waiting");
  world.server.chat("general", "bob", "two");
  world.server.chat("general", "bob", "three");
  world.reachable = true;
  await world.pass(60_000);
  assert.deepEqual(texts(client, "general"), ["one", "two", "three"]);
  assert.deepEqual(notices, [{ is: "recovered", count: 2 }]);
  assert.deepEqual(room.timeline.events.map((event) => event.seq), world.server.events("general").map((event) => event.seq));
});

test("a message written while there is no connection is sent when there is one", async () => {
  const world = new World();
  const { client, room } = await member(world);
  world.reachable = false;
  world.server.crash();
  await settle();
  room.send("from the tunnel");
  room.send("still there");
  await world.pass(20_000);
  assert.deepEqual(room.outbox.pending.map((pending) => pending.state), ["waiting", "waiting"]);
  world.reachable = true;
  client.wake();
  await settle();
  assert.deepEqual(world.server.chats("general"), ["from the tunnel", "still there"]);
  assert.deepEqual(room.outbox.pending, []);
});

test("a chat whose ack was lost with the connection is not doubled", async () => {
  const world = new World();
  const { client, room } = await member(world);
  world.server.mood = "lose ack";
  room.send("once");
  await settle();
  world.server.mood = "serve";
  await world.pass(30_000);
  assert.deepEqual(world.server.chats("general"), ["once"]);
  assert.deepEqual(texts(client, "general"), ["once"]);
  assert.deepEqual(room.outbox.pending, []);
});

test("a server that has another log is noticed: the room starts afresh and says so", async () => {
  const world = new World();
  const { client, notices } = await member(world);
  world.server.chat("general", "bob", "lost in the restore");
  await settle();
  world.server.crash();
  world.server.log.clear();
  world.server.generation = "b";
  for (let n = 0; n < 9; n++) world.server.chat("general", "eve", `new ${n}`);
  await world.pass(30_000);
  assert.deepEqual(notices, [{ is: "reset" }]);
  assert.equal(texts(client, "general").at(0), "new 0");
  assert.ok(!texts(client, "general").includes("lost in the restore"));
});

test("a log that is shorter than what was seen starts afresh as well", async () => {
  const world = new World();
  const { client, notices } = await member(world);
  world.server.crash();
  world.server.log.clear();
  await world.pass(30_000);
  assert.deepEqual(notices, [{ is: "reset" }]);
  assert.equal(client.connection.is, "open");
});

test("somebody new to a room has nothing unread; later messages of others count", async () => {
  const world = new World();
  for (let n = 0; n < 5; n++) world.server.chat("general", "bob", `${n}`);
  const { room } = await member(world);
  assert.equal(room.unread.count, 0);
  world.server.chat("general", "bob", "news");
  room.send("mine does not count");
  await settle();
  assert.equal(room.unread.count, 1);
  room.markRead(room.timeline.head!.seq);
  assert.equal(room.unread.count, 0);
});

test("what was unread before a reload is unread after it", async () => {
  const world = new World();
  for (let n = 0; n < 150; n++) world.server.chat("general", "bob", `${n}`);
  const client = world.client();
  client.start();
  const room = client.join("general", 140);
  const long = client.join("other", 1);
  await settle();
  assert.equal(room.unread.count, 10);
  assert.equal(room.unread.atLeast, false);
  assert.equal(long.unread.count, 0);
  const behind = world.client("eve");
  behind.start();
  const other = behind.join("general", 3);
  await settle();
  assert.deepEqual([other.unread.count, other.unread.atLeast], [100, true]);
});

test("tabs of one person count once", async () => {
  const world = new World();
  const first = await member(world, "ada"), second = await member(world, "ada"), bob = await member(world, "bob");
  assert.deepEqual(bob.room.roster.names, ["ada", "bob"]);
  first.client.stop();
  await settle();
  assert.deepEqual(bob.room.roster.names, ["ada", "bob"]);
  second.client.stop();
  await settle();
  assert.deepEqual(bob.room.roster.names, ["bob"]);
});

test("a connection that has gone silent is noticed and replaced", async () => {
  const world = new World();
  const { client } = await member(world);
  world.reachable = false; // frames vanish, no close arrives
  await world.pass(31_000);
  assert.equal(client.connection.is, "waiting");
  world.reachable = true;
  client.wake();
  await settle();
  assert.equal(client.rooms.get("general")!.state.is, "live");
});

test("a connection that is only quiet is asked, answers, and stays", async () => {
  const world = new World();
  const { client } = await member(world);
  await world.pass(120_000);
  assert.equal(client.connection.is, "open");
  assert.equal(world.server.count("join"), 1);
  assert.equal(world.server.count("ping"), 4);
});

test("delays double, stay bounded, and end at once when woken", async () => {
  const world = new World();
  const { client } = await member(world);
  world.reachable = false;
  world.server.crash();
  const waits: number[] = [];
  for (let n = 0; n < 9; n++) {
    await settle();
    const state = client.connection;
    assert.ok(state.is === "waiting");
    waits.push(state.until - world.time);
    await world.pass(state.until - world.time);
  }
  assert.deepEqual(waits, [300, 600, 1200, 2400, 4800, 9600, 11250, 11250, 11250]);
});

test("a room that refuses says why and the others go on", async () => {
  const world = new World();
  const { client } = await member(world);
  world.server.mood = { code: "room_invalid" };
  const bad = client.join("...");
  await settle();
  assert.deepEqual(bad.state, { is: "refused", code: "room_invalid", message: "room_invalid." });
  world.server.mood = { code: "overloaded" };
  const busy = client.join("busy");
  await settle();
  assert.equal(busy.state.is, "joining");
  world.server.mood = "serve";
  await world.pass(5_000);
  assert.equal(busy.state.is, "live");
});

test("another name takes another connection and leaves the messages of the old one alone", async () => {
  const world = new World();
  const { client, room, storage } = await member(world);
  world.server.mood = "swallow";
  room.send("from ada");
  await settle();
  client.rename("eve");
  await settle();
  assert.deepEqual(room.outbox.pending, []);
  assert.deepEqual(room.roster.names, ["eve"]);
  assert.equal(storage.keys().length, 1);
  world.server.mood = "serve";
  client.rename("ada");
  await settle();
  assert.deepEqual(world.server.chats("general"), ["from ada"]);
});

test("an event of a type from the future is skipped, but its seq counts", async () => {
  const world = new World();
  const { client, room } = await member(world);
  world.server.append("general", { type: "reaction", emoji: "+1" });
  world.server.chat("general", "bob", "after it");
  await settle();
  assert.deepEqual(texts(client, "general"), ["after it"]);
  assert.equal(room.timeline.head?.seq, 3);
  assert.equal(client.connection.is, "open");
});

test("leaving a room is an event, and nothing of it is heard any more", async () => {
  const world = new World();
  const { client } = await member(world);
  client.leave("general");
  await settle();
  assert.equal(world.server.events("general").at(-1)!.event, "leave");
  assert.equal(client.rooms.size, 0);
  const before = world.server.count("join");
  world.server.crash();
  await world.pass(30_000);
  assert.equal(world.server.count("join"), before);
});

test("a first replay that is cut off is continued, and is not called missed", async () => {
  const world = new World();
  for (let n = 0; n < 250; n++) world.server.chat("general", "bob", `${n}`);
  let heard = 0;
  const client = world.client("ada", memoryStorage(), { onNotice: () => assert.fail("nothing was missed") });
  const room = client.join("general");
  const deliver = FakeSocket.prototype.deliver;
  FakeSocket.prototype.deliver = function (frame) {
    if (++heard === 40) this.cut();
    deliver.call(this, frame);
  };
  client.start();
  await world.pass(5_000);
  FakeSocket.prototype.deliver = deliver;
  assert.equal(room.state.is, "live");
  assert.equal(room.timeline.moreBefore, true);
  assert.equal(texts(client, "general")[0], "150");
  assert.equal(room.timeline.last, world.server.events("general").length);
});
