/** Every address the pages use, relative to where they were mounted. */

/** The room of `embed/ROOM`, as the address has it: the page shows no other. Null elsewhere. */
export const onlyRoom = embeddedRoom();

function embeddedRoom(): string | null {
  const start = new URL("embed/", document.baseURI).pathname;
  if (!location.pathname.startsWith(start)) return null;
  try {
    return decodeURIComponent(location.pathname.slice(start.length));
  } catch {
    return location.pathname.slice(start.length);
  }
}

export function socketAddress(): string {
  const address = new URL("ws", document.baseURI);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  return address.href;
}

export function api(path: string, query: Record<string, string | number | boolean | undefined> = {}): string {
  const address = new URL(`api/${path}`, document.baseURI);
  for (const [name, value] of Object.entries(query)) if (value !== undefined) address.searchParams.set(name, String(value));
  return address.href;
}

const PAGES = ["./", "audit"].map((page) => new URL(page, document.baseURI).href);

/** Whether an address is of the one of the two pages that this is not. */
export function isOtherPage({ origin, pathname }: URL): boolean {
  return pathname !== location.pathname && PAGES.includes(origin + pathname);
}

export function chatAddress(room: string, seq?: number): string {
  return new URL(`#${chatFragment(room, seq)}`, onlyRoom === null ? document.baseURI : location.href).href;
}

export function chatFragment(room: string, seq?: number): string {
  return `/${encodeURIComponent(room)}${seq === undefined ? "" : `/${seq}`}`;
}

/** The room and message that a fragment names. */
export function readFragment(hash: string): { room: string; seq: number | null } | null {
  const [, room, seq] = /^#\/([^/]+)(?:\/(\d{1,15}))?$/.exec(hash) ?? [];
  if (room === undefined) return null;
  try {
    return { room: decodeURIComponent(room), seq: seq === undefined ? null : Number(seq) };
  } catch {
    return null;
  }
}

export function auditAddress(room: string, more: Record<string, string | number> = {}): string {
  const address = new URL("audit", document.baseURI);
  address.searchParams.set("room", room);
  for (const [name, value] of Object.entries(more)) address.searchParams.set(name, String(value));
  return address.href;
}
