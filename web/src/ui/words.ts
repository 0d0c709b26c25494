/**
 * The words of the pages, in the language of this page: `web/words/LANGUAGE.json`.
 *
 * The server has chosen the page by what the browser accepts, and the page has loaded the words
 * before its modules run. Numbers, plural forms and dates are Intl's. What the server says in an
 * error, people wrote or the protocol calls something, stays as it is.
 */
import type english from "../../words/en.json";

type Words = typeof english;
export type Key = keyof Words["both"] | keyof Words["chat"] | keyof Words["timeMachine"];
/** `count` chooses among plural forms; numbers are written as the language does. */
export type Values = Readonly<Record<string, string | number>>;
/** A text, or one for each plural form. */
type Text = string | Readonly<Partial<Record<Intl.LDMLPluralRule, string>>>;

declare global {
  var chatlogWords: { readonly language: string; readonly words: Readonly<Record<string, Text>> };
}

const { language, words } = globalThis.chatlogWords;

/** The browser's own variety of the page's language (`de-AT` for `de`), for Intl. */
export const locale = globalThis.navigator?.languages?.find((tag) => tag.split("-")[0] === language.split("-")[0]) ?? language;
export const number = new Intl.NumberFormat(locale);
const forms = new Intl.PluralRules(locale);

export function t(key: Key, values: Values = {}): string {
  return parts(key, values).join("");
}

/** A text with elements in it: its pieces in the order of the language. */
export function parts<Part>(key: Key, values: Readonly<Record<string, Part | string | number>>): (Part | string)[] {
  const text = words[key]!;
  const chosen = typeof text === "string" ? text : text[forms.select(values["count"] as number)] ?? text.other!;
  return chosen.split(/\{(\w+)\}/).map((piece, index) => {
    if (index % 2 === 0) return piece;
    const value = values[piece]!;
    return typeof value === "number" ? number.format(value) : value;
  });
}

/** "ada", "ada and bob", "ada, bob and 3 others". */
export function nameList(names: readonly string[], shown = 3): string {
  if (names.length <= 1) return names[0] ?? "";
  const named = names.length <= shown ? names.slice(0, -1) : names.slice(0, shown - 1);
  const last = names.length <= shown ? names.at(-1)! : t("others", { count: names.length - named.length });
  return t("listEnd", { names: named.join(", "), last });
}

const ROLES: Readonly<Record<string, Key>> = {
  owner: "roleOwner", moderator: "roleModerator", member: "roleMember", reader: "roleReader", none: "roleNone", banned: "roleBanned",
};
const ACCESS: Readonly<Record<string, Key>> = { open: "accessOpen", listed: "accessListed", private: "accessPrivate" };

export function roleWord(role: string): string {
  return ROLES[role] ? t(ROLES[role]) : role;
}

export function accessWord(access: string): string {
  return ACCESS[access] ? t(ACCESS[access]) : access;
}

/** Rooms that the server named are private; their topic says what they are. */
export function roomTitle(room: string, topic?: string): string {
  return room.startsWith("~") ? topic || t("privateRoom") : room;
}

const REFUSALS: Readonly<Record<string, Key>> = {
  room_unknown: "refusalRoomUnknown", room_exists: "refusalRoomExists", username_taken: "refusalUsernameTaken",
};

/** An error in words that say what one can do. */
export function plainly(error: unknown): string {
  const { code, message, retryAfter } = error as { readonly code?: string; readonly message?: string; readonly retryAfter?: number | null };
  const known = code === undefined ? undefined : REFUSALS[code];
  const said = known ? t(known) : message || t("failed");
  return retryAfter ? `${said} ${t("tryAgainIn", { count: Math.ceil(retryAfter) })}` : said;
}
