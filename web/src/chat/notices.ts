/** Short sentences that appear above the composer, are read aloud, and go by themselves. */
import { signal } from "@preact/signals";

export interface Saying {
  readonly key: number;
  readonly text: string;
  readonly tone: "plain" | "warning";
}

export const sayings = signal<readonly Saying[]>([]);
let count = 0;

export function say(text: string, tone: Saying["tone"] = "plain"): void {
  const key = ++count;
  sayings.value = [...sayings.value.filter((said) => said.text !== text).slice(-2), { key, text, tone }];
  // A warning stays until it is dismissed: it may be the only word of what happened.
  if (tone === "plain") setTimeout(() => dismiss(key), 6_000);
}

export function dismiss(key: number): void {
  sayings.value = sayings.value.filter((said) => said.key !== key);
}
