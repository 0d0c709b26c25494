/** The protocol's limits, checked in the page before the server checks them. */
import { t } from "../ui/words.ts";

export const MESSAGE_BYTES = 8_192;
/** From this length on the composer shows the bytes left. */
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
  if (name === "") return t("nameMissing");
  if ([...name].length > 64) return t("nameTooLong");
  if (/[\p{Cc}\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/u.test(name)) return t("nameInvisible");
  return null;
}

/** What is wrong with a room's name, or null. */
export function roomFault(name: string): string | null {
  if (name === "") return t("roomMissing");
  if ([...name].length > 64) return t("roomTooLong");
  if (!/^[\p{L}\p{M}\p{Nd} ._\-#@:+&'()]+$/u.test(name)) return t("roomCharacters");
  if (/^\.+$/.test(name)) return t("roomDots");
  return null;
}

/** A typed name as the log wants it: composed, single spaces, none at the ends. */
export function tidy(name: string): string {
  return name.normalize("NFC").trim().replace(/\s+/gu, " ");
}
