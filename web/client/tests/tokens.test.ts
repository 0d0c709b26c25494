import assert from "node:assert/strict";
import { test } from "node:test";
import { Refused, Timeline, type TokenSource, type TokenWanted } from "../index.ts";
import { World, settle, texts } from "./fake-server.ts";

/** A world in token mode, and a client whose tokens a test hands out. */
async function signedIn(tokens: Record<string, string> = { one: "ada", two: "ada" }, first: string | null = "one") {
  const world = new World();
  world.server.tokens = new Map(Object.entries(tokens));
  const wanted: TokenWanted[] = [];
  const held = { token: first };
  const getToken: TokenSource = (why) => {
    wanted.push(why);
    return held.token;
  };
  const client = world.client("", undefined, { getToken });
  client.start();
  const room = client.join("general");
  await settle();
  return { world, client, room, wanted, held };
}
const socketOf = (world: World) => [...world.server.sockets][0]!;
const sent = (world: World) => world.server.asked.filter((command) => command.type === "auth").map((command) => command.token);

test("a connection begins with the token, and the server tells the name", async () => {
  const { world, client, room } = await signedIn();
  assert.deepEqual(world.server.asked.map((command) => command.type), ["auth", "join"]);
  assert.equal("username" in world.server.asked[1]!, false);
  assert.equal(client.username, "ada");
  assert.deepEqual(client.credentials.identity, { subject: "u-ada", username: "ada", scope: [], expiresAt: "2026-11-22T18:00:00.000000Z" });
  room.send("hello");
  await settle();
  assert.deepEqual(texts(client, "general"), ["hello"]);
  assert.deepEqual(room.outbox.pending, []);
});

test("a lost connection comes back with the newest token, and goes on where it was", async () => {
  const { world, client, room, held } = await signedIn();
  held.token = "two";
  world.server.crash();
  world.server.chat("general", "bob", "missed");
  await world.pass(30_000);
  assert.deepEqual(sent(world), ["one", "two"]);
  assert.deepEqual(texts(client, "general"), ["missed"]);
  assert.equal(room.state.is, "live");
});

test("a token that ends soon is renewed on the open connection", async () => {
  const { world, client, wanted, held } = await signedIn();
  held.token = "two";
  socketOf(world).deliver({ type: "auth_expiring", expires_at: "2026-11-22T18:00:00.000000Z" });
  await settle();
  assert.deepEqual(sent(world), ["one", "two"]);
  assert.deepEqual(wanted.map(({ why }) => why), ["connecting", "expiring"]);
  assert.equal(client.credentials.endsAt, null);
  assert.equal(world.server.count("join"), 1);
});

test("without a newer token the end is told, and one that comes in time is used", async () => {
  const { world, client, held } = await signedIn();
  socketOf(world).deliver({ type: "auth_expiring", expires_at: "2026-11-22T18:00:00.000000Z" });
  await settle();
  assert.deepEqual(sent(world), ["one"]); // the same again would change nothing
  assert.equal(client.credentials.endsAt, "2026-11-22T18:00:00.000000Z");
  held.token = "two";
  await client.credentials.renew();
  assert.deepEqual(sent(world), ["one", "two"]);
  assert.equal(client.credentials.endsAt, null);
});

test("a bad token at a renewal is only told", async () => {
  const { world, client, room, held } = await signedIn();
  held.token = "bad";
  await client.credentials.renew();
  assert.equal(client.credentials.fault, "The token has expired.");
  assert.equal(client.connection.is, "open");
  assert.equal(room.state.is, "live");
  assert.equal(JSON.stringify(client.credentials).includes("bad"), false);
});

test("a refused token is replaced once; after that a person must sign in", async () => {
  const { world, client, held } = await signedIn({ good: "ada" }, "bad");
  assert.deepEqual([client.connection.is, client.credentials.fault], ["refused", "The token has expired."]);
  await world.pass(600_000);
  assert.deepEqual(sent(world), ["bad"]); // the source had no other
  held.token = "worse";
  client.start();
  await settle();
  assert.deepEqual(sent(world), ["bad", "worse"]);
  held.token = "good";
  client.start();
  await settle();
  assert.equal(client.rooms.get("general")!.state.is, "live");
  assert.equal(client.credentials.fault, null);
});

test("a token that has ended is replaced at once if there is a newer one", async () => {
  const { world, client, room, held } = await signedIn();
  world.server.expire(socketOf(world));
  held.token = "two";
  await settle();
  assert.deepEqual(sent(world), ["one", "two"]);
  assert.equal(room.state.is, "live");
  assert.equal(client.credentials.ended, null);
});

test("a token that has ended leaves the log in sight, and says how it ended", async () => {
  const { world, client } = await signedIn();
  world.server.chat("general", "bob", "seen");
  await settle();
  world.server.expire(socketOf(world));
  await world.pass(600_000);
  assert.equal(client.connection.is, "refused");
  assert.deepEqual([client.credentials.ended, client.credentials.isOver], ["expired", true]);
  assert.deepEqual(texts(client, "general"), ["seen"]);
});

test("a token that arrives after its connection was lost is not sent on it", async () => {
  const world = new World();
  world.server.tokens = new Map([["one", "ada"]]);
  let hand: (token: string) => void = () => {};
  const client = world.client("", undefined, { getToken: () => new Promise<string>((resolve) => { hand = resolve; }) });
  client.start();
  await settle();
  const late = hand;
  world.server.crash();
  await world.pass(1_000);
  late("one");
  await settle();
  assert.deepEqual(sent(world), []);
  hand("one");
  await settle();
  assert.deepEqual(sent(world), ["one"]);
});

test("somebody who is put out sees by whom and why, and does not come back by themselves", async () => {
  const { world, client, room } = await signedIn();
  world.server.kick("general", "ada", "bob", "enough");
  await settle();
  assert.deepEqual(room.state, { is: "removed", by: "bob", reason: "enough" });
  world.server.crash();
  await world.pass(60_000);
  assert.equal(world.server.count("join"), 1);
  client.rejoin(room);
  await settle();
  assert.equal(room.state.is, "live");
});

test("another tab's token that ends is none of this one's", async () => {
  const { world, room } = await signedIn();
  world.server.append("general", { type: "session", event: "leave", username: "ada", sessions: 1, cause: "expired" });
  await settle();
  assert.equal(room.state.is, "live");
});

test("a room that begins later for a new role is shown from there", async () => {
  const { world, client, room } = await signedIn();
  world.server.chat("general", "bob", "before");
  await settle();
  world.server.kick("general", "ada", "bob", "");
  await settle();
  world.server.chat("general", "bob", "hidden");
  world.server.begins = world.server.events("general").length;
  client.rejoin(room);
  await settle();
  assert.equal(room.state.is, "live");
  assert.deepEqual(texts(client, "general"), []);
  assert.equal(room.timeline.moreBefore, false);
});

test("roles and the room's state are asked for once and kept up by the events", async () => {
  const { world, client, room } = await signedIn();
  const me = client.credentials.identity!;
  world.server.append("general", { type: "room", access: "listed", history: "all", topic: "tea", locked: false, username: "bob" });
  world.server.append("general", { type: "member", member: "bob", subject: "u-bob", role: "owner", username: "bob" });
  await room.loadStanding();
  assert.deepEqual([room.standing.rules.topic, room.standing.roleOf(me)], ["tea", "none"]);
  world.server.append("general", { type: "member", member: "ada", subject: "u-ada", role: "moderator", username: "bob" });
  world.server.append("general", { type: "room", access: "listed", history: "all", topic: "cake", locked: true, username: "bob" });
  await settle();
  assert.deepEqual([room.standing.rules.topic, room.standing.rules.locked, room.standing.roleOf(me)], ["cake", true, "moderator"]);
  assert.deepEqual(room.standing.members.map(({ username }) => username), ["ada", "bob"]);
  assert.equal(room.standing.roleOf({ subject: "x", scope: ["admin"] }), "owner");
});

test("what is heard while roles are being asked for is not lost", async () => {
  const { world, client, room } = await signedIn();
  const asked = room.loadStanding();
  world.server.append("general", { type: "member", member: "ada", subject: "u-ada", role: "reader", username: "bob" });
  await asked;
  await settle();
  assert.equal(room.standing.roleOf(client.credentials.identity!), "reader");
});

test("somebody invited before their name was known is known by it once they come", async () => {
  const { world, room } = await signedIn();
  world.server.append("general", { type: "member", member: "u-bob", subject: "u-bob", role: "reader", username: "ada" });
  await room.loadStanding();
  assert.equal(room.standing.named("bob"), null);
  world.server.events("general").at(-1)!["member"] = "bob"; // as the server lists them from now on
  for (let tab = 0; tab < 2; tab++) world.server.presence("general", "join", "bob");
  await settle();
  world.server.presence("general", "join", "cyd");
  await settle();
  assert.equal(room.standing.named("bob")?.role, "reader");
  assert.equal(world.server.count("members"), 2);
});

test("a digest that names somebody invited before their name was known is enough", async () => {
  const { world, client } = await signedIn();
  const room = client.join("other", { presence: "digest" });
  await settle();
  world.server.append("other", { type: "member", member: "u-bob", subject: "u-bob", role: "reader", username: "ada" });
  await room.loadStanding();
  world.server.events("other").at(-1)!["member"] = "bob"; // as the server lists them from now on
  world.server.storm("other", ["bob", "cyd"]);
  await settle();
  assert.equal(room.standing.named("bob")?.role, "reader");
  assert.equal(world.server.count("members"), 2);
});

test("a token with another name renames: what is on its way stays, and one's own stays one's own", async () => {
  const { world, client, room, held } = await signedIn({ one: "ada", two: "ada l." });
  world.server.mood = "swallow";
  room.send("under way");
  await settle();
  held.token = "two";
  await client.credentials.renew();
  assert.deepEqual([client.username, room.outbox.pending.length], ["ada l.", 1]);
  world.server.mood = "serve";
  await world.pass(15_000);
  assert.deepEqual([room.outbox.pending.length, room.unread.count, texts(client, "general")], [0, 0, ["under way"]]);
});

test("each room that is created has an id of its own", async () => {
  const { world, client } = await signedIn();
  assert.equal(await client.create({ access: "private" }), "~fresh");
  await client.create({ room: "desk" });
  const ids = world.server.asked.filter((command) => command.type === "create").map((command) => command.id);
  assert.equal(new Set(ids).size, 2);
  assert.ok(ids.every((id) => id.length === 36));
});

test("the topic and the reason of redacted events are gone at once", () => {
  const timeline = new Timeline();
  const fields = { room: "general", hash: "", at: "2026-11-22T17:00:00.000000Z", username: "bob" };
  timeline.append({ ...fields, type: "room", seq: 1, access: "open", history: "all", topic: "secret", locked: false });
  timeline.append({ ...fields, type: "member", seq: 2, member: "eve", subject: "u-eve", role: "banned", reason: "secret" });
  timeline.append({ ...fields, type: "notification", event: "leave", seq: 3, sessions: 0, cause: "kicked", reason: "secret" });
  timeline.append({ ...fields, type: "erasure", seq: 4, of: [1, 2, 3] });
  assert.equal(JSON.stringify(timeline.events).includes("secret"), false);
});

test("a limit on speed says when to try again, and the message waits for it", async () => {
  const { world, room } = await signedIn();
  world.server.mood = { code: "rate_limited" };
  room.send("slowly");
  await settle();
  const { id } = room.outbox.pending[0]!;
  room.refused(id, "rate_limited", "Too fast.", 20);
  world.server.mood = "serve";
  await world.pass(15_000);
  assert.equal(room.outbox.pending.length, 1);
  await world.pass(10_000);
  assert.equal(room.outbox.pending.length, 0);
});

test("a refusal tells after how many seconds it may work", () => {
  assert.equal(new Refused("rate_limited", "Too many rooms.", 30).retryAfter, 30);
});
