/** The contract's limits, told to a person before the server has to. */

export const MESSAGE_BYTES = 8_192;
/** From here on the composer counts aloud. */
export const COUNT_FROM_BYTES = 7_000;

const encoder = new TextEncoder();

export function byteLength(text: string): number {
  return encoder.encode(text).length;
}

/** The message as it may be sent: no control characters but newline and tab. */
export function cleaned(text: string): string {
  return text.replace(/\r\n?/g, "\n").replace(/[^\P{Cc}\n\t]/gu, "");
}

/** What is wrong with a username, or null. The server has the last word. */
export function nameFault(name: string): string | null {
  if (name === "") return "A name is needed.";
  if ([...name].length > 64) return "A name has at most 64 characters.";
  if (/[\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u.test(name)) return "A name has no invisible characters.";
  return null;
}

/** What is wrong with a room's name, or null. */
export function roomFault(name: string): string | null {
  if (name === "") return "A room needs a name.";
  if ([...name].length > 64) return "A room's name has at most 64 characters.";
  if (!/^[\p{L}\p{M}\p{Nd} ._\-#@:+&'()]+$/u.test(name)) return "Letters, digits, spaces and ._-#@:+&'() make a room's name.";
  if (/^\.+$/.test(name)) return "A room's name is more than dots.";
  return null;
}

/** A typed name as the log wants it: composed, single spaces, none at the ends. */
export function tidy(name: string): string {
  return name.normalize("NFC").trim().replace(/\s+/gu, " ");
}
