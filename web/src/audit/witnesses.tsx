/** The people who could have seen a message, with the join and leave that show it. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api } from "../ui/addresses.ts";
import { getJson } from "../ui/http.ts";
import { Icon } from "../ui/icons.tsx";
import { Avatar } from "../ui/person.tsx";
import { clockTime, exactTime } from "../ui/time.ts";
import { t, type Key } from "../ui/words.ts";
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

const GROUPS: readonly [string, Key, Key][] = [
  ["open", "wasPresent", "wasPresentHelp"],
  ["uncertain", "wasUncertain", "wasUncertainHelp"],
  ["replayed", "wasReplayed", "wasReplayedHelp"],
  ["possible", "wasPossible", "wasPossibleHelp"],
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
    <section class="then witnesses" aria-label={t("witnessesLabel")}>
      <header>
        <h2>{t("whoSawMessage", { seq })}</h2>
        <button type="button" class="icon-button" aria-label={t("backToRoom")} title="Esc" onClick={() => { witnesses.value = null; }}><Icon name="close" /></button>
        {event?.type === "chat" && <p class="quoted"><b>{event.username}</b> {event.erased ? <em class="gone">{t("erased")}</em> : event.message}</p>}
      </header>
      <div class="said" tabIndex={0} role="region" aria-label={t("witnessesLabel")}>
        {fault.value ? <p class="none" role="alert">{fault.value}</p>
          : found.value === null ? <p class="none" role="status">{t("loading")}</p>
          : found.value.length === 0 ? <p class="none">{t("nobodyThere")}</p>
          : GROUPS.map(([certainty, title, why]) => <Group key={certainty} title={t(title)} why={t(why)} certainty={certainty} />)}
        {more.value && <p class="none">{t("moreThan", { count: MOST })}</p>}
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
              {witness.joined_seq === null ? <span>{t("didNotJoin")}</span> : <At label="joinedAt" seq={witness.joined_seq} at={witness.joined_at} />}
              {witness.joined_seq === null ? null : witness.left_seq === null ? <span class="still">{t("stillThere")}</span> : <At label="leftAt" seq={witness.left_seq} at={witness.left_at} />}
            </span>
          </li>
        ))}
      </ul>
      <p class="hidden">{t("countWitnesses", { count: those.length })}</p>
    </section>
  );
}

function At({ label, seq, at }: { label: Key; seq: number; at: string | null }) {
  return <button type="button" class="link" title={at === null ? undefined : exactTime(at)} onClick={() => go(seq)}>{t(label, { seq: String(seq), time: at === null ? "" : clockTime(at) })}</button>;
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
