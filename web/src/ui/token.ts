/**
 * The token by which somebody is signed in: in this page's memory, and in the tab's session
 * storage if they asked for that. Never in an address, an element, an error or a log.
 *
 * It comes from a field, from `#token=…` in the address, or from the page that embeds this one.
 * In the address, `&` and the fragment to go on with may follow; the token is removed before
 * anything else happens. With the embedding page it goes like this:
 *
 *     to the parent      {"type": "chatlog:token-needed", "expires_at": "…" or null}
 *     from the parent    {"type": "chatlog:token", "token": "…"}     (at any time)
 *
 * Messages go to one origin and are taken from that one only: the parent's, as the browser names
 * it in `document.referrer`, or this page's own where it names none.
 */

const KEY = `chatlog:${new URL(document.baseURI).pathname}:token`;
const PARENT_KEY = `chatlog:${new URL(document.baseURI).pathname}:parent`;
const ANSWER_MILLISECONDS = 10_000;
const TOKEN = /^[A-Za-z0-9._~+/=-]+$/;

export const isEmbedded = window.parent !== window;

let token: string | null = fromAddress() ?? kept(KEY);
let given: (token: string, from: "address" | "parent") => void = () => {};
let waiting: ((token: string | null) => void) | null = null;

export function newestToken(): string | null {
  return token;
}

/** Use this one from now on; `inTab` is whether the tab keeps it (by default: if it kept the last). */
export function keepToken(newest: string, inTab = kept(KEY) !== null): void {
  token = newest;
  keep(KEY, inTab ? newest : null);
}

export function forgetToken(): void {
  token = null;
  keep(KEY, null);
}

/** Whether the tab keeps it, so that this site's other page finds it there. */
export function isKeptInTab(): boolean {
  return token !== null && kept(KEY) === token;
}

/** An address that signs in by a token, and leads to where it did without. */
export function withToken(address: string, token: string): string {
  const [, start, fragment] = /^([^#]*)#?(.*)$/su.exec(address)!;
  return `${start}#token=${token}${fragment === "" ? "" : `&${fragment}`}`;
}

/** What somebody pasted: a token, with `Bearer` before it perhaps, or a link that has one. */
export function tokenIn(pasted: string): string | null {
  const text = pasted.trim().replace(/^.*#token=([^&]*).*$/su, "$1").replace(/^bearer\s+/iu, "");
  return TOKEN.test(text) ? text : null;
}

/** Hear of tokens that nobody in this page asked for. */
export function onToken(heard: typeof given): void {
  given = heard;
  addEventListener("hashchange", () => {
    const found = fromAddress();
    if (found !== null) given(found, "address");
  });
  if (isEmbedded) addEventListener("message", fromParent);
}

/** Ask the embedding page for a token; null if there is none, or no answer in time. */
export function askParent(expiresAt: string | null): Promise<string | null> {
  if (!isEmbedded) return Promise.resolve(null);
  waiting?.(null);
  return new Promise((resolve) => {
    const timer = setTimeout(() => answer(null), ANSWER_MILLISECONDS);
    const answer = (found: string | null) => {
      clearTimeout(timer);
      waiting = null;
      resolve(found);
    };
    waiting = answer;
    window.parent.postMessage({ type: "chatlog:token-needed", expires_at: expiresAt }, parentOrigin());
  });
}

function fromParent(event: MessageEvent): void {
  const said = event.data as { readonly type?: unknown; readonly token?: unknown } | null;
  if (event.source !== window.parent || event.origin !== parentOrigin()) return;
  if (said?.type !== "chatlog:token" || typeof said.token !== "string") return;
  const found = tokenIn(said.token);
  if (waiting) waiting(found);
  else if (found !== null) given(found, "parent");
}

/** Kept for the tab: the browser names the parent for the first page only that it shows there. */
function parentOrigin(): string {
  const referrer = URL.canParse(document.referrer) ? new URL(document.referrer).origin : null;
  if (referrer !== null && referrer !== location.origin) keep(PARENT_KEY, referrer);
  return kept(PARENT_KEY) ?? referrer ?? location.origin;
}

function fromAddress(): string | null {
  const found = /^#token=([^&]*)&?(.*)$/su.exec(location.hash);
  if (found === null) return null;
  const [, token, fragment] = found;
  history.replaceState(null, "", location.pathname + location.search + (fragment === "" ? "" : `#${fragment}`));
  return tokenIn(token!);
}

function kept(key: string): string | null {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null; // cookies and site data are blocked
  }
}

function keep(key: string, value: string | null): void {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // It stays in memory, which is all there is.
  }
}
