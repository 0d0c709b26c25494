/** A person's colour and mark: the same for a name everywhere. */
import { locale } from "./words.ts";

const HUES = 12;

export function hueClass(name: string): string {
  let hash = 7;
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)!) % 1_000_003;
  return `hue-${hash % HUES}`;
}

const letters = new Intl.Segmenter(locale, { granularity: "grapheme" });

/** The first thing in a name that a person would call a letter. */
export function initial(name: string): string {
  const first = [...letters.segment(name)].find(({ segment }) => /[\p{L}\p{N}\p{Emoji_Presentation}]/u.test(segment));
  return (first?.segment ?? name.slice(0, 1)).toLocaleUpperCase();
}

export function Avatar({ name, small = false }: { name: string; small?: boolean }) {
  return <span class={`avatar ${hueClass(name)}${small ? " small" : ""}`} aria-hidden="true">{initial(name)}</span>;
}
