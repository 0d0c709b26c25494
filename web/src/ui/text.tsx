/** A message's words: text and nothing but text, with addresses made clickable. */
import type { ComponentChildren } from "preact";

// http and https only; a closing mark of punctuation belongs to the sentence.
const ADDRESS = /\bhttps?:\/\/[^\s<>"'`]+[^\s<>"'`.,;:!?)\]}]/giu;

export function Words({ text }: { text: string }) {
  const parts: ComponentChildren[] = [];
  let end = 0;
  for (const found of text.matchAll(ADDRESS)) {
    parts.push(text.slice(end, found.index));
    end = found.index + found[0].length;
    parts.push(<a href={found[0]} target="_blank" rel="noopener noreferrer nofollow">{found[0]}</a>);
  }
  parts.push(text.slice(end));
  return <>{parts}</>;
}

/** The words of `/me waves`; null for anything else. */
export function action(message: string): string | null {
  return /^\/me\s/u.test(message) ? message.slice(4) : null;
}
