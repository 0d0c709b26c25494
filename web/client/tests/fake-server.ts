/**
 * A chat server in memory, with a clock, a network and moods that a test commands.
 *
 * It keeps the contract's promises for join, chat, leave, history and ping, and counts what
 * it is asked, so that a test can say what the client did and not only what it shows.
 */
import { Client, memoryStorage, type Platform, type Socket, type Storage } from "../index.ts";

type Json = Record<string, any>;
type Mood = "serve" | "swallow" | { readonly code: string };

interface Timer { at: number; run: () => void }

/** Time stands still until a test lets it pass. */
export class World implements Platform {
  time = 1_790_000_000_000;
  reachable = true;
  readonly server: FakeServer;
  readonly #timers = new Set<Timer>();
  #bytes = 0;

  constructor(server = new FakeServer()) { this.server = server; }

  now(): number { return this.time; }
  random(): number { return 0.5; }
  randomBytes(count: number): Uint8Array { return Uint8Array.from({ length: count }, () => this.#bytes++ * 37); }
  startTimer(run: () => void, milliseconds: number): Timer {
    const timer = { at: this.time + milliseconds, run };
    this.#timers.add(timer);
    return timer;
  }
  stopTimer(timer: unknown): void { this.#timers.delete(timer as Timer); }
  openSocket(): Socket { return new FakeSocket(this); }

  /** Let time pass, with all that is due in it. */
  async pass(milliseconds: number): Promise<void> {
    const end = this.time + milliseconds;
    await settle();
    for (;;) {
      const due = [...this.#timers].filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!due) break;
      this.#timers.delete(due);
      this.time = Math.max(this.time, due.at);
      due.run();
      await settle();
    }
    this.time = end;
  }

  client(username = "ada", storage: Storage = memoryStorage(), options: Json = {}): Client {
    return new Client({ url: "ws://fake/ws", username, platform: this, storage, ...options });
  }
}

export class FakeSocket implements Socket {
  onopen: (() => void) | null = null;
  onmessage: ((event: { data: unknown }) => void) | null = null;
  onclose: ((event: { code: number; reason: string }) => void) | null = null;
  username: string | null = null;
  token: string | null = null;
  readonly rooms = new Set<string>();
  /** Rooms of which it wants digests. */
  readonly digests = new Set<string>();
  readonly #world: World;
  open = false;

  constructor(world: World) {
    this.#world = world;
    queueMicrotask(() => {
      if (!world.reachable) return this.cut();
      this.open = true;
      world.server.sockets.add(this);
      this.onopen?.();
    });
  }
  send(text: string): void {
    const command = JSON.parse(text);
    if (this.open) queueMicrotask(() => { if (this.open && this.#world.reachable) this.#world.server.take(this, command); });
  }
  close(): void { this.cut(1000); }
  deliver(frame: Json): void {
    const data = JSON.stringify(frame);
    queueMicrotask(() => { if (this.open && this.#world.reachable) this.onmessage?.({ data }); });
  }
  cut(code = 1006, reason = ""): void {
    this.open = false;
    this.#world.server.gone(this);
    queueMicrotask(() => this.onclose?.({ code, reason }));
  }
}

export class FakeServer {
  readonly sockets = new Set<FakeSocket>();
  readonly log = new Map<string, Json[]>();
  readonly asked: Json[] = [];
  /** How it treats chats; `lose ack` appends and says nothing. */
  mood: Mood | "lose ack" = "serve";
  generation = "a";
  /** Token mode: the usernames that tokens stand for; null is open mode. */
  tokens: Map<string, string> | null = null;

  events(room: string): Json[] {
    if (!this.log.has(room)) this.log.set(room, []);
    return this.log.get(room)!;
  }
  chats(room: string): string[] { return this.events(room).filter((event) => event.type === "chat").map((event) => event.message); }
  count(type: string): number { return this.asked.filter((command) => command.type === type).length; }

  /** The process dies; what it had told is kept. */
  crash(): void { for (const socket of [...this.sockets]) socket.cut(); }

  append(room: string, fields: Json, told = true): Json {
    const events = this.events(room);
    const seq = events.length + 1;
    const event = { room, seq, hash: `${this.generation}${seq}`, at: "2026-11-22T17:00:00.000000Z", ...fields };
    events.push(event);
    if (told) for (const socket of this.sockets) if (socket.rooms.has(room)) socket.deliver(event);
    return event;
  }
  chat(room: string, username: string, message: string): Json { return this.append(room, { type: "chat", username, message }); }

  sessions(room: string, username: string): number {
    const last = this.events(room).findLast((event) => event.username === username && "sessions" in event);
    return last?.sessions ?? 0;
  }
  /** What comes no later than this seq is not shown to whoever joins. */
  begins = 0;

  presence(room: string, event: "join" | "leave", username: string, told = true): Json {
    const before = this.sessions(room, username);
    const sessions = before + (event === "join" ? 1 : -1);
    const type = before === 0 || sessions === 0 ? "notification" : "session";
    return this.append(room, { type, event, username, sessions }, told);
  }
  /** These come, and those go, all at once: in one frame for who wants digests. */
  storm(room: string, joined: readonly string[], left: readonly string[] = []): void {
    const events = [...joined.map((name) => this.presence(room, "join", name, false)), ...left.map((name) => this.presence(room, "leave", name, false))];
    const [first, last] = [events[0]!, events.at(-1)!];
    const digest = { type: "presence", room, from: first.seq, seq: last.seq, hash: last.hash, joined: [...joined].sort(), left: [...left].sort(), count: this.present(room).length };
    for (const socket of this.sockets)
      if (socket.rooms.has(room)) for (const frame of socket.digests.has(room) ? [digest] : events) socket.deliver(frame);
  }
  present(room: string): string[] {
    return [...new Set(this.events(room).map((event) => event.username))].filter((name) => name && this.sessions(room, name) > 0).sort();
  }
  gone(socket: FakeSocket): void {
    if (!this.sockets.delete(socket)) return;
    for (const room of socket.rooms) this.presence(room, "leave", socket.username!);
  }

  take(socket: FakeSocket, command: Json): void {
    this.asked.push(command);
    const { id, room } = command;
    const error = (code: string) => socket.deliver({ type: "error", code, message: `${code}.`, id });
    if (command.type === "auth") return this.#authenticate(socket, command);
    if (this.tokens && socket.token === null) return error("not_authenticated");
    if (command.type === "ping") socket.deliver({ type: "pong", id });
    else if (command.type === "join") this.#join(socket, command, error);
    else if (command.type === "leave") {
      this.presence(room, "leave", socket.username!);
      socket.rooms.delete(room);
    } else if (command.type === "history") socket.deliver({ ...this.#history(command), type: "history", room, id });
    else if (command.type === "chat") this.#chat(socket, command, error);
    else if (command.type === "members") socket.deliver({ type: "members", room, seq: this.events(room).length, members: this.#members(room), more: false, id });
    else if (command.type === "create") socket.deliver({ type: "ack", id, room: command.room ?? "~fresh", seq: 2, hash: "" });
    else error("unknown_type");
  }

  #authenticate(socket: FakeSocket, { token, id }: Json): void {
    const username = this.tokens?.get(token);
    if (username === undefined) {
      socket.deliver({ type: "error", code: "token_invalid", message: "The token has expired.", id });
      if (socket.token === null) queueMicrotask(() => queueMicrotask(() => socket.cut(4401, "sign in again")));
      return;
    }
    [socket.token, socket.username] = [token, username];
    socket.deliver({ type: "auth", subject: `u-${username}`, username, scope: [], expires_at: "2026-11-22T18:00:00.000000Z", id });
  }

  /** The token of a connection ends: its rooms are left, and it is closed. */
  expire(socket: FakeSocket): void {
    for (const room of socket.rooms) this.append(room, { type: "notification", event: "leave", username: socket.username, sessions: 0, cause: "expired" });
    socket.rooms.clear();
    queueMicrotask(() => queueMicrotask(() => socket.cut(4401, "sign in again")));
  }

  kick(room: string, username: string, by: string, reason: string): void {
    this.append(room, { type: "notification", event: "leave", username, sessions: 0, cause: "kicked", by, reason });
    for (const socket of this.sockets) if (socket.username === username) socket.rooms.delete(room);
  }

  #members(room: string): Json[] {
    const given = this.events(room).filter((event) => event.type === "member");
    return [...new Map(given.map(({ member, subject, role, seq }) => [subject, { username: member, subject, role, since_seq: seq, until: null }])).values()]
      .filter(({ role }) => role !== "none");
  }

  #join(socket: FakeSocket, { id, room, username, after, hash, backlog, presence }: Json, error: (code: string) => void): void {
    const events = this.events(room);
    if (typeof this.mood === "object") return error(this.mood.code);
    if (after > events.length) return error("after_unknown");
    if (this.tokens) username = socket.username!;
    const begins = this.begins;
    if (after !== undefined && after < begins) after = begins;
    else if (after && hash && events[after - 1]!.hash !== hash) return error("diverged");
    socket.username = username;
    const own = this.presence(room, "join", username);
    socket.rooms.add(room);
    if (presence === "digest") socket.digests.add(room);
    const chats = events.filter((event) => event.type === "chat");
    const first = after !== undefined ? after + 1 : backlog === 0 ? own.seq : chats.length < backlog ? 1 : chats.at(-backlog)!.seq;
    for (const event of events.slice(first - 1)) socket.deliver(event);
    const users = this.present(room);
    socket.deliver({ type: "users", room, seq: own.seq, users, count: users.length });
    socket.deliver({ type: "caught_up", room, seq: own.seq, hash: own.hash, first, more: first > begins + 1, id });
  }

  #chat(socket: FakeSocket, { id, room, message }: Json, error: (code: string) => void): void {
    if (this.mood === "swallow") return;
    if (typeof this.mood === "object") return error(this.mood.code);
    if (!socket.rooms.has(room)) return error("not_joined");
    const known = this.events(room).find((event) => event.id === id && event.username === socket.username);
    if (known && known.message !== message) return error("id_conflict");
    const event = known ?? this.append(room, { type: "chat", id, username: socket.username, message }, this.mood !== "lose ack");
    if (this.mood === "lose ack") return socket.cut();
    socket.deliver({ type: "ack", id, room, seq: event.seq, hash: event.hash, ...(known && { repeated: true }) });
  }

  #history({ room, before, after, around, limit, types }: Json): Json {
    const all = this.events(room).filter((event) => types === undefined || types.includes(event.type));
    const start = after !== undefined ? after : Math.max(0, around !== undefined ? around - 1 - (limit >> 1) : (before ?? all.length + 1) - 1 - limit);
    const end = Math.min(all.length, before !== undefined ? before - 1 : start + limit);
    const events = all.slice(start, end);
    return { events, first: events[0]?.seq ?? null, last: events.at(-1)?.seq ?? null, more_before: start > 0, more_after: end < all.length };
  }
}

/** Let everything that is under way arrive. */
export async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export function texts(client: Client, room: string): string[] {
  return client.rooms.get(room)!.timeline.events.filter((event) => event.type === "chat").map((event) => event.message);
}
