/** Counted words, lists of names, and the words for roles, rooms and refusals. */

export const number = new Intl.NumberFormat();

export function plural(count: number, one: string, many = `${one}s`): string {
  return `${number.format(count)} ${count === 1 ? one : many}`;
}

/** "ada", "ada and bob", "ada, bob and 3 others". */
export function nameList(names: readonly string[], shown = 3): string {
  if (names.length <= 1) return names[0] ?? "";
  if (names.length <= shown) return `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
  const named = names.slice(0, shown - 1);
  return `${named.join(", ")} and ${plural(names.length - named.length, "other")}`;
}

export const ROLE_WORDS: Readonly<Record<string, string>> = {
  owner: "Owner", moderator: "Moderator", member: "Member", reader: "Reader", none: "No role", banned: "Banned",
};

export const ACCESS_WORDS: Readonly<Record<string, string>> = { open: "Open", listed: "By invitation", private: "Private" };

/** Rooms that the server named are private; their topic says what they are. */
export function roomTitle(room: string, topic?: string): string {
  return room.startsWith("~") ? topic || "Private room" : room;
}

const REFUSALS: Readonly<Record<string, string>> = {
  room_unknown: "There is no such room, or you have not been invited to it.",
  room_exists: "There is already a room of this name.",
  username_taken: "Somebody else has your name, or one that looks like it. Ask whoever gave you the token for another name.",
};

/** An error in words that say what one can do. */
export function plainly(error: unknown): string {
  const { code, message, retryAfter } = error as { readonly code?: string; readonly message?: string; readonly retryAfter?: number | null };
  const said = (code !== undefined && REFUSALS[code]) || message || "This did not work.";
  return retryAfter ? `${said} Try again in ${plural(Math.ceil(retryAfter), "second")}.` : said;
}
