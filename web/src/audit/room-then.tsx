/** The room at the chosen time: the people present and the messages so far. */
import { useLayoutEffect, useRef } from "preact/hooks";
import type { ChatFrame } from "../../client/index.ts";
import { chatAddress } from "../ui/addresses.ts";
import { Icon } from "../ui/icons.tsx";
import { signedIn } from "../ui/identity.ts";
import { Avatar, hueClass } from "../ui/person.tsx";
import { Words, action } from "../ui/text.tsx";
import { clockTime, dayKey, dayName, exactTime } from "../ui/time.ts";
import { accessWord, roleWord, t } from "../ui/words.ts";
import { events, firstSeq, moment, present, roles, state } from "./room-log.ts";
import { go } from "./transport.tsx";
import { witnesses } from "./view.ts";
import { LooksButton } from "./who-looked.tsx";

/** What fits a few screens; the table has the rest. */
const SAID = 80;
const NAMED = 60;

export function RoomThen() {
  const box = useRef<HTMLDivElement>(null);
  const said = lastSaid(moment.value);
  useLayoutEffect(() => toEnd(box.current!), [moment.value, events.value]);
  useLayoutEffect(() => {
    const watch = new ResizeObserver(() => toEnd(box.current!)); // the chart above comes later
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  return (
    <section class="then" aria-label={t("roomAtEvent", { seq: String(moment.value) })}>
      <header>
        {signedIn() !== null && <LooksButton />}
        <h2>{t("countPresent", { count: present.value.length })}</h2>
        <ul class="chips" data-present>
          {present.value.slice(0, NAMED).map((presence) => (
            <li key={`${presence.username} ${presence.joinedSeq}`}><Avatar name={presence.username} small /><span class="name">{presence.username}</span></li>
          ))}
          {present.value.length > NAMED && <li class="rest">{t("andOthers", { count: present.value.length - NAMED })}</li>}
        </ul>
        <Roles />
      </header>
      <div class="said" ref={box} tabIndex={0} role="region" aria-label={t("messagesSoFar")}>
        {said.length === 0 && <p class="none">{t("noMessages")}</p>}
        {said.map((event, index) => (
          <div key={event.seq}>
            {(index === 0 || dayKey(said[index - 1]!.at) !== dayKey(event.at)) && <p class="day"><span>{dayName(event.at)}</span></p>}
            <Said event={event} />
          </div>
        ))}
      </div>
    </section>
  );
}

/** Who could do what, where people prove who they are. */
function Roles() {
  if (roles.value.length === 0 && state.value === null) return null;
  const { access = "open", locked = false, topic = "" } = state.value ?? {};
  const rules = locked ? t("accessLocked", { access: accessWord(access) }) : accessWord(access);
  return (
    <>
      <p class="note">{topic === "" ? rules : t("detail", { text: rules, detail: topic })}</p>
      <ul class="chips" data-roles aria-label={t("roles")}>
        {roles.value.slice(0, NAMED).map(({ username, subject, role, until }) => (
          <li key={subject} title={until === null ? subject : t("subjectUntil", { subject, time: exactTime(until) })}>
            <Avatar name={username} small /><span class="name">{username}</span><span class="role">{roleWord(role)}</span></li>
        ))}
        {roles.value.length > NAMED && <li class="rest">{t("andOthers", { count: roles.value.length - NAMED })}</li>}
      </ul>
      {firstSeq.value > 1 && <p class="note">{t("rolesBefore", { seq: firstSeq.value })}</p>}
    </>
  );
}

function Said({ event }: { event: ChatFrame }) {
  const { seq, at, username, message, erased } = event;
  const done = erased ? null : action(message);
  return (
    <article tabIndex={-1} class={`line${seq === moment.value ? " now" : ""}`} data-said={seq}>
      <button type="button" class="seq" title={exactTime(at)} onClick={() => go(seq)}>{clockTime(at)}</button>
      <p><b class={hueClass(username)}>{username}</b> {erased ? <em class="gone">{t("erased")}</em> : <Words text={done ?? message} />}</p>
      <span class="tools">
        <button type="button" class="icon-button" aria-label={t("whoSawMessage", { seq: String(seq) })} title={t("whoSaw")} onClick={() => { witnesses.value = seq; }}><Icon name="people" /></button>
        <a class="icon-button" href={chatAddress(event.room, seq)} aria-label={t("messageInChat", { seq: String(seq) })} title={t("showInChat")}><Icon name="link" /></a>
      </span>
    </article>
  );
}

function toEnd(box: HTMLElement): void {
  box.scrollTop = box.scrollHeight;
}

function lastSaid(seq: number): ChatFrame[] {
  const said: ChatFrame[] = [];
  for (let index = seq - firstSeq.value; index >= 0 && said.length < SAID; index--) {
    const event = events.value[index];
    if (event?.type === "chat") said.push(event);
  }
  return said.reverse();
}
