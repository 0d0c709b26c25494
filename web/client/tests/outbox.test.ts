import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStorage } from "../index.ts";
import { World, settle } from "./fake-server.ts";

async function inGeneral(world: World, storage = memoryStorage()) {
  const client = world.client("ada", storage);
  client.start();
  const room = client.join("general");
  await settle();
  return { client, room, storage };
}
const states = (room: { outbox: { pending: readonly { state: string }[] } }) => room.outbox.pending.map((pending) => pending.state);

for (const code of ["outcome_unknown", "overloaded", "unavailable", "rate_limited"])
  test(`${code} passes: the same id is sent again`, async () => {
    const world = new World();
    const { room } = await inGeneral(world);
    world.server.mood = { code };
    room.send("patience");
    await settle();
    assert.deepEqual(states(room), ["waiting"]);
    assert.equal(room.outbox.pending[0]!.error?.code, code);
    world.server.mood = "serve";
    await world.pass(60_000);
    assert.deepEqual(world.server.chats("general"), ["patience"]);
    const ids = new Set(world.server.asked.filter((command) => command["type"] === "chat").map((command) => command["id"]));
    assert.equal(ids.size, 1);
  });

test("while one waits out a refusal, a second is not sent before it", async () => {
  const world = new World();
  const { room } = await inGeneral(world);
  world.server.mood = { code: "rate_limited" };
  room.send("first");
  await settle();
  world.server.mood = "serve";
  room.send("second");
  await settle();
  assert.deepEqual(world.server.chats("general"), []);
  await world.pass(5_000);
  assert.deepEqual(world.server.chats("general"), ["first", "second"]);
});

test("a lasting refusal is shown, can be retried, and does not hold up the next", async () => {
  const world = new World();
  const { room, storage } = await inGeneral(world);
  world.server.mood = { code: "message_too_long" };
  room.send("too long");
  await settle();
  world.server.mood = "serve";
  room.send("fine");
  await settle();
  assert.deepEqual(states(room), ["refused"]);
  assert.deepEqual(world.server.chats("general"), ["fine"]);
  room.outbox.retry(room.outbox.pending[0]!.id);
  await settle();
  assert.deepEqual(world.server.chats("general"), ["fine", "too long"]);
  assert.deepEqual(storage.keys(), []);
});

test("a dropped message is gone for good", async () => {
  const world = new World();
  const { room, storage } = await inGeneral(world);
  world.server.mood = { code: "forbidden" };
  room.send("no");
  await settle();
  room.outbox.drop(room.outbox.pending[0]!.id);
  world.server.mood = "serve";
  await world.pass(60_000);
  assert.deepEqual(world.server.chats("general"), []);
  assert.deepEqual(storage.keys(), []);
});

test("an id that is taken by another text is given up for a new one", async () => {
  const world = new World();
  const { room } = await inGeneral(world);
  world.server.mood = { code: "id_conflict" };
  room.send("mine");
  await settle();
  const { id } = room.outbox.pending[0]!;
  world.server.mood = "serve";
  room.outbox.retry(id);
  await settle();
  assert.deepEqual(world.server.chats("general"), ["mine"]);
  assert.notEqual(world.server.events("general").at(-1)!["id"], id);
});

test("silence on a living connection is settled by asking again under the same id", async () => {
  const world = new World();
  const { room } = await inGeneral(world);
  world.server.mood = "swallow";
  room.send("hello?");
  await world.pass(10_500);
  assert.equal(world.server.count("chat"), 2);
  world.server.mood = "serve";
  await world.pass(10_500);
  assert.deepEqual(world.server.chats("general"), ["hello?"]);
});

test("unsent messages survive a reload, in order, once", async () => {
  const world = new World(), storage = memoryStorage();
  const before = await inGeneral(world, storage);
  world.reachable = false;
  world.server.crash();
  await settle();
  for (const text of ["one", "two", "three"]) {
    before.room.send(text);
    await world.pass(1);
  }
  before.client.stop();
  world.reachable = true;
  const after = await inGeneral(world, storage);
  assert.deepEqual(world.server.chats("general"), ["one", "two", "three"]);
  assert.deepEqual(after.room.outbox.pending, []);
  assert.deepEqual(storage.keys(), []);
});

test("two pages on one storage send a message once", async () => {
  const world = new World(), storage = memoryStorage();
  const first = await inGeneral(world, storage);
  world.reachable = false;
  world.server.crash();
  await settle();
  first.room.send("once");
  world.reachable = true;
  const second = await inGeneral(world, storage);
  await world.pass(30_000);
  assert.deepEqual(world.server.chats("general"), ["once"]);
  assert.deepEqual([...states(first.room), ...states(second.room)], []);
});

test("storage that is full does not stop a message", async () => {
  const world = new World();
  const full = { ...memoryStorage(), set: () => { throw new Error("QuotaExceededError"); } };
  const { room } = await inGeneral(world, full);
  room.send("anyway");
  await settle();
  assert.deepEqual(world.server.chats("general"), ["anyway"]);
});

test("what another program left in storage is not taken for a message", async () => {
  const world = new World(), storage = memoryStorage();
  storage.set("out:x", "{not json");
  storage.set("out:y", "null");
  storage.set("theme", "dark");
  const { room } = await inGeneral(world, storage);
  assert.deepEqual(room.outbox.pending, []);
});
