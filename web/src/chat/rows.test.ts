import assert from "node:assert/strict";
import { test } from "node:test";
import "../ui/words.fixture.ts";
import type { LogEvent } from "../../client/index.ts";
import { rowsOf, type Row } from "./rows.ts";

let seq = 0;
const at = (minutes: number) => new Date(2026, 10, 22, 12, minutes).toISOString();
const chat = (username: string, minutes = 0, message = "x"): LogEvent =>
  ({ type: "chat", room: "r", seq: ++seq, hash: "", at: at(minutes), username, message });
const presence = (event: "join" | "leave", username: string, minutes = 0): LogEvent =>
  ({ type: "notification", event, room: "r", seq: ++seq, hash: "", at: at(minutes), username, sessions: event === "join" ? 1 : 0 });
const parts = (row: Row) => row.kind === "presence" ? row.parts.map(({ did, names }) => `${did}: ${names.join(", ")}`) : [];
const kinds = (rows: Row[]) => rows.map((row) => row.kind);

test("messages of one author are grouped for five minutes", () => {
  const rows = rowsOf([chat("ada"), chat("ada", 4), chat("ada", 9), chat("bob", 9), chat("ada", 9)], Infinity, "me");
  assert.deepEqual(rows.map((row) => row.kind === "chat" && row.grouped), [false, false, true, false, false, false]);
});

test("arrivals and departures in a row become one line", () => {
  const rows = rowsOf([presence("join", "ada"), presence("join", "bob"), presence("leave", "bob"), presence("leave", "cyd"),
    presence("leave", "dee"), presence("join", "dee")], Infinity, "me");
  assert.deepEqual(kinds(rows), ["day", "presence"]);
  assert.deepEqual(parts(rows[1]!), ["joined: ada", "joined and left: bob", "left: cyd", "left and rejoined: dee"]);
});

test("arrivals and departures in a line keep the order of the log", () => {
  const line = (...events: LogEvent[]) => parts(rowsOf(events, Infinity, "me")[1]!);
  assert.deepEqual(line(presence("leave", "bob"), presence("join", "ada")), ["left: bob", "joined: ada"]);
  assert.deepEqual(line(presence("join", "ada"), presence("leave", "bob"), presence("join", "cyd"), presence("join", "dee")),
    ["joined: ada", "left: bob", "joined: cyd, dee"]);
  assert.deepEqual(line(presence("join", "ada"), presence("join", "bob"), presence("leave", "ada")), ["joined: bob", "joined and left: ada"]);
});

test("a new local day begins with its name and breaks groups", () => {
  assert.deepEqual(kinds(rowsOf([chat("ada", 0), chat("ada", 13 * 60)], Infinity, "me")), ["day", "chat", "day", "chat"]);
});

test("the unread line stands before the first message of somebody else", () => {
  const events = [chat("bob"), chat("me"), chat("me"), chat("bob")];
  assert.deepEqual(kinds(rowsOf(events, events[0]!.seq, "me")), ["day", "chat", "chat", "chat", "unread", "chat"]);
  assert.ok(!kinds(rowsOf(events, Infinity, "me")).includes("unread"));
});

test("rows keep their keys when events are added at the end", () => {
  const events = [presence("join", "ada"), chat("ada"), chat("bob")];
  const before = rowsOf(events, Infinity, "me"), after = rowsOf([...events, chat("bob")], Infinity, "me");
  assert.deepEqual(after.slice(0, before.length).map((row) => row.key), before.map((row) => row.key));
});

test("what happens to the room and to roles is told in plain words", () => {
  const fields = () => ({ room: "r", seq: ++seq, hash: "", at: at(0), username: "ada" });
  const state = (change: object): LogEvent => ({ ...fields(), type: "room", access: "open", history: "all", topic: "", locked: false, ...change });
  const role = (role: string, more: object = {}): LogEvent => ({ ...fields(), type: "member", member: "bob", subject: "u", role, ...more });
  const told = (...events: LogEvent[]) => rowsOf(events, Infinity, "me").flatMap((row) => row.kind === "note" ? [row.text] : []);
  assert.deepEqual(told(state({ seq: 1, topic: "tea" }), state({ topic: "tea", locked: true }), state({ topic: "", locked: true }), state({ access: "private" })),
    ["ada created the room: tea", "ada locked the room: only moderators write", "ada removed the topic", "ada made the room private, unlocked the room"]);
  assert.deepEqual(told(role("moderator"), role("banned", { reason: "spam" }), role("none"), role("none", { username: "bob" }), role("reader", { username: "(token)" })),
    ["ada made bob a moderator", "ada banned bob: spam", "ada took away the role of bob", "bob gave up their role", "bob is a reader by their token"]);
  assert.match(told(role("reader", { until: at(30) }))[0]!, /^ada muted bob until /);
  const put = { ...presence("leave", "bob"), cause: "kicked" } as LogEvent;
  assert.deepEqual(told({ ...put, by: "ada", reason: "noise" } as LogEvent, put), ["ada removed bob from the room: noise", "The role of bob in this room ended"]);
});

test("events of unknown types have no row and break nothing", () => {
  assert.deepEqual(kinds(rowsOf([chat("ada"), { type: "unknown", room: "r", seq: ++seq, hash: "", at: at(0) }, chat("ada")], Infinity, "me")), ["day", "chat", "chat"]);
});
