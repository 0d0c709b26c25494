/** Asking the HTTP API: JSON or an error that says what went wrong. */

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

export async function getJson<T>(address: string, signal?: AbortSignal): Promise<T> {
  let answer: Response;
  try {
    answer = await fetch(address, { headers: { Accept: "application/json" }, ...(signal && { signal }) });
  } catch (error) {
    if (signal?.aborted) throw error;
    throw new HttpError(0, "unreachable", "The server cannot be reached at the moment.");
  }
  const body: unknown = await answer.json().catch(() => null);
  if (answer.ok && body !== null) return body as T;
  const error = (body as { error?: { code?: string; message?: string } } | null)?.error;
  throw new HttpError(answer.status, error?.code ?? "http", error?.message ?? `The server answered with status ${answer.status}.`);
}

/** A room as the list of rooms tells it. */
export interface RoomInfo {
  readonly room: string;
  readonly head: number;
  readonly users: number;
  readonly created_at: string | null;
  readonly last_at: string | null;
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
