import assert from "node:assert/strict";
import { test } from "node:test";
import { WebSocket as Ws } from "ws";
import { Client, memoryStorage, standardPlatform, type LogEvent, type Notice, type SocketClass } from "../index.ts";
import { World, settle } from "./fake-server.ts";

// Without a cast: the standard class, and that of ws.
const CLASSES: readonly SocketClass[] = [WebSocket, Ws];

async function bot(world: World, join: Parameters<Client["join"]>[1] = null) {
  const events: LogEvent[] = [], notices: Notice[] = [];
  const client = world.client("bot", memoryStorage(), {
    onEvent: (_: unknown, event: LogEvent) => events.push(event), onNotice: (_: unknown, notice: Notice) => notices.push(notice),
  });
  client.start();
  const room = client.join("general", join);
  await settle();
  return { client, room, events, notices, said: () => events.flatMap((event) => (event.type === "chat" ? [event.message] : [])) };
}

test("a bot hears each event once and in order, and nothing old", async () => {
  const world = new World();
  world.server.chat("general", "ada", "old");
  const { events, said } = await bot(world);
  world.server.chat("general", "ada", "one");
  await settle();
  world.reachable = false;
  world.server.crash();
  await settle();
  world.server.chat("general", "ada", "two");
  world.reachable = true;
  await world.pass(60_000);
  world.server.chat("general", "ada", "three");
  await settle();
  assert.deepEqual(said(), ["one", "two", "three"]);
  const seqs = events.map(({ seq }) => seq);
  assert.deepEqual(seqs, seqs.map((_, index) => seqs[0]! + index));
});

test("it continues after an event of an earlier life", async () => {
  const world = new World();
  for (const text of ["one", "two", "three"]) world.server.chat("general", "ada", text);
  const { seq, hash } = world.server.events("general")[0]!;
  assert.deepEqual((await bot(world, { after: seq, hash })).said(), ["two", "three"]);
  assert.deepEqual((await bot(world, { backlog: 1_000 })).said(), ["one", "two", "three"]);
});

test("an event that the log does not have is told, and nothing old is replayed for it", async () => {
  const world = new World();
  world.server.chat("general", "ada", "old");
  const { said, notices } = await bot(world, { after: 1, hash: "f".repeat(16) });
  world.server.chat("general", "ada", "new");
  await settle();
  assert.deepEqual(notices, [{ is: "reset" }]);
  assert.deepEqual(said(), ["new"]);
  assert.throws(() => world.client().join("general", { after: 1 }), TypeError);
});

test("a message with an id of one's own is appended once, in every life", async () => {
  const world = new World();
  const { room } = await bot(world);
  for (const _ of [1, 2]) assert.equal(room.send("shipped", { id: "order-7" }).id, "order-7");
  assert.equal(room.outbox.pending.length, 1);
  await settle();
  const again = await bot(world);
  again.room.send("shipped", { id: "order-7" });
  await settle();
  const chats = world.server.events("general").filter(({ type }) => type === "chat");
  assert.deepEqual(chats.map(({ message }) => message), ["shipped"]);
  assert.deepEqual(again.room.outbox.pending, []);
});

test("ids of one's own may be the same in two rooms, and survive a reload", async () => {
  const world = new World(), storage = memoryStorage();
  world.reachable = false;
  const client = world.client("bot", storage);
  for (const name of ["a", "b"]) client.join(name).send(`to ${name}`, { id: "7" });
  client.join("a").send("later", { id: "1" });
  const next = world.client("bot", storage);
  assert.deepEqual(next.join("a").outbox.pending.map(({ message }) => message).sort(), ["later", "to a"]);
  assert.deepEqual(next.join("b").outbox.pending.map(({ message }) => message), ["to b"]);
});

test("a platform without a WebSocket is told what is missing", () => {
  for (const each of CLASSES) assert.ok(standardPlatform(each));
  const { WebSocket: own } = globalThis;
  try {
    Reflect.deleteProperty(globalThis, "WebSocket");
    assert.throws(() => new Client({ url: "ws://127.0.0.1/ws" }), /give one as `WebSocket`/);
    assert.ok(new Client({ url: "ws://127.0.0.1/ws", WebSocket: Ws }));
  } finally {
    globalThis.WebSocket = own;
  }
});
