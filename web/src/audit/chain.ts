/** The verdict on a room's chain, reached in this browser while one looks at the room. */
import { signal } from "@preact/signals";
import { api } from "../ui/addresses.ts";
import { getJson } from "../ui/http.ts";
import { t } from "../ui/words.ts";
import type { EventsPage } from "./room-log.ts";
import { START, canVerify, follow, type Fault, type Link, type ProvedEvent } from "./verify.ts";

export type Verdict =
  | { readonly is: "unchecked" }
  | { readonly is: "checking"; readonly seq: number }
  | { readonly is: "whole"; readonly seq: number; readonly hash: string }
  | { readonly is: "broken"; readonly fault: Fault }
  /** It could not be checked: no https, no answer. */
  | { readonly is: "unknown"; readonly why: string };

export const verdict = signal<Verdict>({ is: "unchecked" });
const PAGE = 500;
let under: AbortController | null = null;

export function forget(): void {
  under?.abort();
  verdict.value = { is: "unchecked" };
}

export async function check(room: string): Promise<void> {
  forget();
  if (!canVerify()) {
    verdict.value = { is: "unknown", why: t("hashesOnHttps") };
    return;
  }
  const { signal: stop } = (under = new AbortController());
  try {
    const reached = await followAll(room, stop);
    if (!stop.aborted) verdict.value = reached;
  } catch (error) {
    if (!stop.aborted) verdict.value = { is: "unknown", why: error instanceof Error ? error.message : String(error) };
  }
}

async function followAll(room: string, stop: AbortSignal): Promise<Verdict> {
  let link: Link = START, hash = "";
  for (;;) {
    verdict.value = { is: "checking", seq: link.seq };
    const page = await getJson<EventsPage>(
      api(`rooms/${encodeURIComponent(room)}/events`, { after: link.seq, limit: PAGE, proof: true }), stop);
    const proved = page.events as readonly ProvedEvent[];
    const next = await follow(link, proved);
    if ("what" in next) return { is: "broken", fault: next };
    link = next;
    hash = proved.at(-1)?.hash ?? hash;
    if (!page.more_after || proved.length === 0) return { is: "whole", seq: link.seq, hash };
  }
}
