/**
 * A client that another program plays: orders come as lines of JSON on stdin, what happens goes to
 * stdout. The scenarios in `tests/client` of the repository play this client and the Python one.
 *
 * Its clock is fast: every delay is divided by the first argument's number.
 */
import { createInterface } from "node:readline";
import { Client, standardPlatform, type Room, type RoomEvent } from "../index.ts";

type Order =
  | { readonly do: "start"; readonly url: string; readonly username?: string; readonly token?: string | null }
  | { readonly do: "token"; readonly token: string | null }
  | { readonly do: "join"; readonly room: string; readonly presence?: "full" | "digest" }
  | { readonly do: "rejoin" | "leave"; readonly room: string }
  | { readonly do: "send"; readonly room: string; readonly message: string };

const speed = Number(process.argv[2]);
const standard = standardPlatform();
const platform = { ...standard, startTimer: (run: () => void, ms: number) => standard.startTimer(run, ms / speed) };
/** The last seq that was told, by room. */
const told = new Map<string, number>();
let token: string | null = null;
let client: Client;

function tell(what: object): void {
  process.stdout.write(JSON.stringify(what) + "\n");
}

function tellRoom(room: Room): void {
  const last = told.get(room.name) ?? 0;
  const fresh: readonly RoomEvent[] = room.timeline.events.filter(({ seq }) => seq > last);
  for (const event of fresh) tell({ event });
  told.set(room.name, fresh.at(-1)?.seq ?? last);
  const pending = room.outbox.pending.filter(({ state }) => state !== "placed");
  const { state, roster } = room;
  const code = state.is === "refused" ? state.code : state.is === "removed" ? "forbidden" : null;
  const present = [roster.names, roster.count];
  tell({ room: room.name, state: state.is, code, present, pending: pending.map(({ message, state, error }) => [message, state, error?.code ?? null]) });
}

function tellConnection(): void {
  const state = client.connection;
  const fault = client.credentials.fault === null ? "not_authenticated" : "token_invalid";
  tell({ connection: state.is, code: state.is !== "refused" ? null : state.code === 4403 ? "forbidden" : fault });
}

function obey(order: Order): void {
  switch (order.do) {
    case "start":
      token = order.token ?? null;
      client = new Client({
        url: order.url, platform, ...(order.username !== undefined && { username: order.username }),
        getToken: order.username === undefined ? () => token : null,
        onChange: (room) => (room === null ? tellConnection() : tellRoom(room)),
        onNotice: (room, notice) => {
          if (notice.is !== "reset") return;
          told.set(room.name, 0);
          tell({ reset: room.name });
        },
      });
      return client.start();
    case "token":
      token = order.token;
      return;
    case "join":
      client.join(order.room, order.presence === undefined ? null : { presence: order.presence });
      return;
    case "rejoin":
      return client.rejoin(client.rooms.get(order.room)!);
    case "leave":
      client.leave(order.room);
      return tell({ room: order.room, state: "left", code: null, present: [[], 0], pending: [] });
    case "send":
      client.rooms.get(order.room)!.send(order.message);
      return;
  }
}

for await (const line of createInterface({ input: process.stdin })) obey(JSON.parse(line) as Order);
process.exit(0);
