/** Who uses the page: anybody in open mode, else whoever the server knows by a token. */
import { effect, signal } from "@preact/signals";
import { api } from "./addresses.ts";
import { HttpError, getJson, onUnauthorized } from "./http.ts";
import { remember, storage } from "./storage.ts";
import { askParent, forgetToken, keepToken, newestToken, onToken } from "./token.ts";
import { t } from "./words.ts";

interface Me {
  readonly auth: "open" | "token";
  readonly subject?: string;
  readonly username?: string;
  readonly scope?: readonly string[];
  readonly expires_at?: string;
  readonly may_create_rooms?: boolean;
  readonly may_redact_own?: boolean;
}

export interface Known {
  readonly subject: string;
  readonly username: string;
  readonly scope: readonly string[];
  readonly expiresAt: string | null;
  readonly mayCreateRooms: boolean;
  readonly mayRedactOwn: boolean;
}

export type Identity =
  | { readonly is: "asking" }
  | { readonly is: "open" }
  | { readonly is: "in"; readonly who: Known }
  /** Nobody is signed in; `fault` says why not, if somebody tried or was. */
  | { readonly is: "out"; readonly fault: string | null }
  | { readonly is: "unreachable"; readonly fault: string };

const ASK_MILLISECONDS = 5_000;
const NOTICE_MILLISECONDS = 60_000;
const SOMEBODY_ELSE = t("somebodyElse");

export const identity = signal<Identity>({ is: "asking" });
/** The end of the token in use, once it is near and no newer one is at hand. */
export const endsAt = signal<string | null>(null);

let renewed: () => void = () => {};

/** Hear that a newer token of the same person is there to be used. */
export function onRenewed(heard: () => void): void {
  renewed = heard;
}

/** Whoever has signed in; null in open mode too. */
export function signedIn(): Known | null {
  return identity.value.is === "in" ? identity.value.who : null;
}

/** Find out how the server wants it, and who this is. */
export async function learn(): Promise<void> {
  if (newestToken() === null && storage.get("auth") === "open") identity.value = { is: "open" }; // most likely still
  try {
    identity.value = await ask(newestToken());
  } catch (error) {
    identity.value = await missed(error as HttpError);
  }
  if (identity.value.is !== "unreachable") remember("auth", identity.value.is === "open" ? "open" : "token");
}

/** Sign in, or go on, by this token; resolves to what is wrong with it, or null. */
export async function signIn(token: string, inTab?: boolean): Promise<string | null> {
  const before = identity.value;
  try {
    const found = await ask(token);
    if (found.is === "in" && before.is === "in" && found.who.subject !== before.who.subject) return SOMEBODY_ELSE;
    keepToken(token, inTab);
    endsAt.value = null;
    identity.value = found;
    if (before.is === "in") renewed();
    return null;
  } catch (error) {
    return (error as HttpError).message;
  }
}

/** Forget who this was, and begin anew; what the chat kept for them goes too. */
export function signOut(): void {
  forgetToken();
  for (const key of storage.keys()) storage.remove(key);
  history.replaceState(null, "", location.pathname);
  location.reload();
}

/** The token has ended or was refused: somebody has to sign in again. */
export function ended(fault: string | null): void {
  forgetToken();
  identity.value = { is: "out", fault };
}

/** A token from the embedding page, which is asked first, or the one at hand. */
export async function tokenFor(expiresAt: string | null): Promise<string | null> {
  const found = await askParent(expiresAt);
  if (found !== null) await handed(found, "parent");
  return newestToken();
}

async function handed(token: string, from: "address" | "parent"): Promise<void> {
  const fault = await signIn(token);
  if (fault === null) return;
  // The embedding page has another person now: their page begins anew.
  if (fault === SOMEBODY_ELSE && from === "parent") {
    forgetToken();
    location.reload();
  } else if (identity.value.is === "out") identity.value = { is: "out", fault };
}

async function ask(token: string | null): Promise<Identity> {
  const me = await getJson<Me>(api("me"), AbortSignal.timeout(ASK_MILLISECONDS), token);
  if (me.auth === "open" || me.subject === undefined) return { is: "open" };
  const { subject, username = subject, scope = [], expires_at = null, may_create_rooms = false, may_redact_own = false } = me;
  return { is: "in", who: { subject, username, scope, expiresAt: expires_at, mayCreateRooms: may_create_rooms, mayRedactOwn: may_redact_own } };
}

async function missed(error: HttpError): Promise<Identity> {
  if (error.status === 401) {
    const had = newestToken();
    const found = await askParent(null);
    if (found !== null) {
      const fault = await signIn(found);
      return fault === null ? identity.value : { is: "out", fault };
    }
    forgetToken();
    return { is: "out", fault: had === null ? null : error.message };
  }
  // In open mode the page works without an answer: it shows what it has and waits.
  const isToken = newestToken() !== null || storage.get("auth") === "token";
  return isToken ? { is: "unreachable", fault: error.message } : { is: "open" };
}

onToken((token, from) => void handed(token, from));
let isWithoutSocket = false;

/** For a page that has no socket, over which the server tells of the end: watch the time, and answers. */
export function watchEnd(): void {
  isWithoutSocket = true;
  let timer: ReturnType<typeof setTimeout> | undefined;
  effect(() => {
    clearTimeout(timer);
    const ends = signedIn()?.expiresAt;
    if (!ends) return;
    timer = setTimeout(() => void tokenFor(ends).then(() => {
      if (signedIn()?.expiresAt === ends) endsAt.value = ends;
    }), Math.min(Math.max(0, Date.parse(ends) - Date.now() - NOTICE_MILLISECONDS), 2 ** 31 - 1));
  });
}

onUnauthorized(async (used) => {
  const who = signedIn();
  if (who === null) return null;
  const found = newestToken() !== used ? newestToken() : await tokenFor(who.expiresAt);
  if (found !== used) return found;
  if (isWithoutSocket) ended(t("signInEnded"));
  return null;
});
