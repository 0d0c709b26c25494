/** Asking the HTTP API: JSON or an error that says what went wrong. */
import { newestToken } from "./token.ts";
import { t } from "./words.ts";

export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  constructor(status: number, code: string, message: string) {
    super(message);
    this.name = "HttpError";
    this.status = status;
    this.code = code;
  }
}

let another: (used: string | null) => Promise<string | null> = () => Promise.resolve(null);

/** Where another token comes from when one is refused; null where there is none. */
export function onUnauthorized(found: typeof another): void {
  another = found;
}

/** `token`: null for none; by default the newest, and another if that one is refused. */
export async function getJson<T>(address: string, signal?: AbortSignal, token?: string | null): Promise<T> {
  const used = token === undefined ? newestToken() : token;
  let answer = await fetched(address, used, signal);
  if (answer.status === 401 && token === undefined) {
    const other = await another(used);
    if (other !== null) answer = await fetched(address, other, signal);
  }
  const body: unknown = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body as T;
  const error = (body as { error?: { code?: string; message?: string } } | null)?.error;
  throw new HttpError(answer.status, error?.code ?? "http", error?.message ?? t("httpStatus", { status: String(answer.status) }));
}

async function fetched(address: string, token: string | null, signal: AbortSignal | undefined): Promise<Response> {
  const headers = { Accept: "application/json", ...(token !== null && { Authorization: `Bearer ${token}` }) };
  try {
    return await fetch(address, { headers, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted && signal.reason?.name !== "TimeoutError") throw error;
    throw new HttpError(0, "unreachable", t("unreachable"));
  }
}

/** A room as the list of rooms tells it. */
export interface RoomInfo {
  readonly room: string;
  /** Null, like what follows, in a listed room in which one has no role. */
  readonly head: number | null;
  readonly users: number | null;
  readonly chats: number | null;
  readonly created_at: string | null;
  readonly last_at: string | null;
  /** Only where people prove who they are. */
  readonly access?: string;
  readonly topic?: string;
  readonly role?: string;
}

/** All rooms, page by page, at most `limit`. */
export async function listRooms(address: (after: string | undefined) => string, limit = 2_000): Promise<RoomInfo[]> {
  const rooms: RoomInfo[] = [];
  for (;;) {
    const page = await getJson<{ rooms: RoomInfo[] }>(address(rooms.at(-1)?.room));
    rooms.push(...page.rooms);
    if (page.rooms.length === 0 || page.rooms.length < 100 || rooms.length >= limit) return rooms;
  }
}
