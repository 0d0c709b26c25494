/** The people who looked at the room by a scope of their token, until the chosen moment. */
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../ui/icons.tsx";
import { Avatar } from "../ui/person.tsx";
import { clockTime, dayKey, dayName, exactTime } from "../ui/time.ts";
import { t } from "../ui/words.ts";
import { LOOK_WORDS, runsUntil, type Run } from "./looks.ts";
import { fault, found, readLooks } from "./looks-log.ts";
import { eventAt, loading, moment } from "./room-log.ts";
import { go } from "./transport.tsx";
import { looking, room, seq } from "./view.ts";

/** As many rows as anybody reads; earlier moments show earlier ones. */
const SHOWN = 300;

/** Whether the focus goes along to what takes the place of the focused button. */
let isFollowed = false;

function show(isShown: boolean): void {
  isFollowed = true;
  looking.value = isShown;
}

export function closeLooks(): void {
  show(false);
}

function useFollowed() {
  const button = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (isFollowed) button.current!.focus();
    isFollowed = false;
  }, []);
  return button;
}

export function LooksButton() {
  return <button type="button" class="quiet who-looked" ref={useFollowed()} onClick={() => show(true)}><Icon name="eye" />{t("whoLooked")}</button>;
}

export function WhoLooked() {
  const name = room.value!, isLoading = loading.value;
  useEffect(() => {
    if (isLoading) return;
    const stop = new AbortController();
    void readLooks(name, stop.signal);
    return () => stop.abort();
  }, [name, isLoading]);
  const until = seq.value === null ? null : eventAt(moment.value)?.at ?? null;
  const runs = runsUntil(found.value?.looks ?? [], until);
  return (
    <section class="then looks" aria-label={t("whoLooked")}>
      <header>
        <h2>{until === null ? t("whoLooked") : t("whoLookedUntil", { seq: moment.value })}</h2>
        <button type="button" class="icon-button" ref={useFollowed()} aria-label={t("backToRoom")} title="Esc" onClick={closeLooks}><Icon name="close" /></button>
        <p class="note">{t("looksHelp")}</p>
      </header>
      <div class="said" tabIndex={0} role="region" aria-label={t("looks")}>
        {fault.value ? <p class="none" role="alert">{fault.value}</p>
          : found.value === null ? <p class="none" role="status">{t("loading")}</p>
          : <Runs runs={runs} later={found.value.looks.length - countOf(runs)} isCut={found.value.isCut} />}
      </div>
    </section>
  );
}

function Runs({ runs, later, isCut }: { runs: readonly Run[]; later: number; isCut: boolean }) {
  const shown = runs.slice(0, SHOWN);
  return (
    <>
      {(runs.length === 0 || later > 0) && <p class="none">{runs.length === 0 && `${t("nobodyLooked")} `}
        {later > 0 && <>{t("cameLater", { count: later })} <button type="button" class="link" onClick={() => { seq.value = null; }}>{t("showAll")}</button></>}</p>}
      {shown.map((run, index) => (
        <div key={`${run.at} ${run.subject} ${run.what}`}>
          {(index === 0 || dayKey(shown[index - 1]!.at) !== dayKey(run.at)) && <p class="day"><span>{dayName(run.at)}</span></p>}
          <Looked run={run} />
        </div>
      ))}
      {(runs.length > SHOWN || isCut) && <p class="none">{t("earlierLooks")}</p>}
    </>
  );
}

function Looked({ run: { at, subject, username, what, seq, count } }: { run: Run }) {
  return (
    <p class="look" data-look={what}>
      <Avatar name={username} small />
      <span><b title={subject}>{username}</b> {LOOK_WORDS[what] ? t(LOOK_WORDS[what]) : what}
        {seq !== null && <> <button type="button" class="link" onClick={() => go(seq)}>{t("eventSeq", { seq })}</button></>}
        {seq === null && what === "users_at" && ` ${t("aTime")}`}
        {count > 1 && <span class="count"> {t("times", { count })}</span>}</span>
      <time dateTime={at} title={exactTime(at)}>{clockTime(at)}</time>
    </p>
  );
}

function countOf(runs: readonly Run[]): number {
  return runs.reduce((sum, run) => sum + run.count, 0);
}
