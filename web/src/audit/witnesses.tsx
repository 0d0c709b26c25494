/** The people who could have seen a message, with the join and leave that show it. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "../ui/addresses.ts";
import { getJson } from "../ui/http.ts";
import { Icon } from "../ui/icons.tsx";
import { Avatar } from "../ui/person.tsx";
import { clockTime, exactTime } from "../ui/time.ts";
import { plural } from "../ui/words.ts";
import { eventAt } from "./room-log.ts";
import { go } from "./transport.tsx";
import { room, witnesses } from "./view.ts";

interface Witness {
  readonly username: string;
  readonly certainty: string;
  /** Null where a right to read, and no session, shows it. */
  readonly session: string | null;
  readonly joined_seq: number | null;
  readonly joined_at: string | null;
  readonly left_seq: number | null;
  readonly left_at: string | null;
}

interface Page {
  readonly witnesses: readonly Witness[];
  readonly next?: string | null;
}

const GROUPS: readonly [string, string, string][] = [
  ["open", "Present", "Delivered to one of their open connections."],
  ["uncertain", "Possibly present", "Present in the log, but their server had died and they were last seen before this."],
  ["replayed", "Received it later", "Joined afterwards and received it in the replay."],
  ["possible", "May have read it later", "Joined afterwards, or had the right to read, and may have paged back to it."],
];
const MOST = 1_000;

const found = signal<readonly Witness[] | null>(null);
const fault = signal<string | null>(null);
const more = signal(false);

export function Witnesses({ seq }: { seq: number }) {
  const name = room.value!;
  useEffect(() => {
    const stop = new AbortController();
    found.value = null;
    fault.value = null;
    ask(name, seq, stop.signal).catch((error: Error) => { if (!stop.signal.aborted) fault.value = error.message; });
    return () => stop.abort();
  }, [name, seq]);
  const event = eventAt(seq);
  return (
    <section class="then witnesses" aria-label="Witnesses">
      <header>
        <h2>Who could have seen message {seq.toLocaleString()}</h2>
        <button type="button" class="icon-button" aria-label="Back to the room" title="Esc" onClick={() => { witnesses.value = null; }}><Icon name="close" /></button>
        {event?.type === "chat" && <p class="quoted"><b>{event.username}</b> {event.erased ? <em class="gone">erased</em> : event.message}</p>}
      </header>
      <div class="said" tabIndex={0} role="region" aria-label="Witnesses">
        {fault.value ? <p class="none" role="alert">{fault.value}</p>
          : found.value === null ? <p class="none" role="status">Loading…</p>
          : found.value.length === 0 ? <p class="none">Nobody was in the room.</p>
          : GROUPS.map(([certainty, title, why]) => <Group key={certainty} title={title} why={why} certainty={certainty} />)}
        {more.value && <p class="none">More than {MOST.toLocaleString()}: the command line lists them all.</p>}
      </div>
    </section>
  );
}

function Group({ title, why, certainty }: { title: string; why: string; certainty: string }) {
  const those = found.value!.filter((witness) => witness.certainty === certainty);
  if (those.length === 0) return null;
  return (
    <section class={`group ${certainty}`}>
      <h3>{title} <span class="count">{those.length}</span></h3>
      <p class="note">{why}</p>
      <ul>
        {those.map((witness) => (
          <li key={witness.session ?? witness.username}>
            <Avatar name={witness.username} small /><span class="name">{witness.username}</span>
            <span class="session">
              {witness.joined_seq === null ? <span>did not join</span> : <At label="joined" seq={witness.joined_seq} at={witness.joined_at} />}
              {witness.joined_seq === null ? null : witness.left_seq === null ? <span class="still">still there</span> : <At label="left" seq={witness.left_seq} at={witness.left_at} />}
            </span>
          </li>
        ))}
      </ul>
      <p class="hidden">{plural(those.length, "witness", "witnesses")}</p>
    </section>
  );
}

function At({ label, seq, at }: { label: string; seq: number; at: string | null }) {
  return <button type="button" class="link" title={at === null ? undefined : exactTime(at)} onClick={() => go(seq)}>{label} {seq}{at === null ? "" : `, ${clockTime(at)}`}</button>;
}

async function ask(name: string, seq: number, stop: AbortSignal): Promise<void> {
  const gathered: Witness[] = [];
  let after: string | undefined;
  do {
    const page = await getJson<Page>(api(`rooms/${encodeURIComponent(name)}/events/${seq}/witnesses`, { after, limit: 200 }), stop);
    gathered.push(...page.witnesses);
    after = page.next ?? undefined;
  } while (after !== undefined && gathered.length < MOST);
  found.value = gathered;
  more.value = after !== undefined;
}
