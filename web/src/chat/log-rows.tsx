/** The rows of the log. Those that never change are drawn once. */
import { Component } from "preact";
import type { ChatFrame, ErasureFrame, Pending, Room } from "../../client/index.ts";
import { auditAddress, chatAddress, onlyRoom } from "../ui/addresses.ts";
import { Icon } from "../ui/icons.tsx";
import { Avatar, hueClass } from "../ui/person.tsx";
import { Words, action } from "../ui/text.tsx";
import { clockTime, dayName, exactTime } from "../ui/time.ts";
import { nameList, t, type Key } from "../ui/words.ts";
import { say } from "./notices.ts";
import { asked, goTo } from "./place.ts";
import type { PresencePart, PresenceRow } from "./rows.ts";
import { version } from "./session.ts";

interface ChatProps {
  readonly event: ChatFrame;
  readonly grouped: boolean;
  readonly room: string;
  readonly me: string;
  readonly targeted: boolean;
  /** Whether I may erase it. */
  readonly erasable: boolean;
}

/** Drawn again only when its own event or place has changed, not for each new message. */
export class ChatRow extends Component<ChatProps> {
  override shouldComponentUpdate(next: ChatProps): boolean {
    const { event, grouped, room, me, targeted, erasable } = this.props;
    return event !== next.event || grouped !== next.grouped || room !== next.room || me !== next.me || targeted !== next.targeted
      || erasable !== next.erasable;
  }

  override render({ event, grouped, room, me, targeted, erasable }: ChatProps) {
    const { username, message, seq, at, erased = false } = event;
    const done = erased ? null : action(message);
    const mentioned = username !== me && mentions(message, me);
    return (
      <article class={`message${grouped ? " grouped" : ""}${mentioned ? " mentioned" : ""}${targeted ? " targeted" : ""}`}
        data-row data-message data-seq={seq} tabIndex={-1} aria-label={`${username}, ${clockTime(at)}`}>
        <div class="gutter">{grouped ? <Time room={room} seq={seq} at={at} /> : <Avatar name={username} />}</div>
        <div class="body">
          {!grouped && done === null && <div class="who"><b class={hueClass(username)}>{username}</b><Time room={room} seq={seq} at={at} /></div>}
          {erased ? <p class="erased">{t("erasedMessage")}</p>
            : done !== null ? <div class="act"><p class="words"><b class={hueClass(username)}>{username}</b> <Words text={done} /></p><Time room={room} seq={seq} at={at} /></div>
            : <p class="words"><Words text={message} /></p>}
        </div>
        <div class="actions">
          {onlyRoom === null && <button type="button" class="icon-button" data-copy tabIndex={-1} aria-label={t("copyLink")} title={t("copyLinkKey")} onClick={() => void copyLink(room, seq)}><Icon name="link" /></button>}
          {erasable && !erased && <button type="button" class="icon-button" tabIndex={-1} data-erase aria-label={t("eraseMessage")} title={t("eraseKey")}
            onClick={() => { asked.value = { is: "redact", room, seq }; }}><Icon name="erase" /></button>}
          {onlyRoom === null && <a class="icon-button" data-audit tabIndex={-1} href={auditAddress(room, { seq, witnesses: seq })} aria-label={t("whoSaw")} title={t("whoSawKey")}><Icon name="audit" /></a>}
        </div>
      </article>
    );
  }
}

function Time({ room, seq, at }: { room: string; seq: number; at: string }) {
  return (
    <a class="time" tabIndex={-1} href={chatAddress(room, seq)} title={exactTime(at)}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return;
        event.preventDefault();
        goTo(room, seq);
      }}><time dateTime={at}>{clockTime(at)}</time></a>
  );
}

async function copyLink(room: string, seq: number): Promise<void> {
  const address = chatAddress(room, seq);
  try {
    await navigator.clipboard.writeText(address);
    say(t("linkCopied"));
  } catch {
    // No clipboard on plain http: the address bar holds the link instead.
    goTo(room, seq);
    say(t("linkInAddress"));
  }
}

function mentions(message: string, me: string): boolean {
  const at = message.toLocaleLowerCase().indexOf(me.toLocaleLowerCase());
  if (me === "" || at < 0) return false;
  const word = /[\p{L}\p{N}_]/u;
  return !word.test(message[at - 1] ?? "") && !word.test(message[at + me.length] ?? "");
}

export function DayRow({ at }: { at: string }) {
  return <div class="day" data-row role="separator"><span><time dateTime={at}>{dayName(at)}</time></span></div>;
}

export function UnreadRow() {
  return <div class="unread-line" data-row data-unread role="separator"><span>{t("newLine")}</span></div>;
}

const DID: Readonly<Record<PresencePart["did"], Key>> = {
  joined: "didJoin", left: "didLeave", "joined and left": "didJoinAndLeave", "left and rejoined": "didLeaveAndRejoin",
};

export function PresenceLine({ row: { seq, at, parts } }: { row: PresenceRow }) {
  return (
    <p class="aside-line" data-row data-seq={seq} title={exactTime(at)}>
      {parts.map(({ did, names }, index) => <span key={index} title={names.join(", ")}>{t(DID[did], { names: nameList(names) })}</span>)}
    </p>
  );
}

export function ErasureRow({ event }: { event: ErasureFrame }) {
  return <p class="aside-line" data-row data-seq={event.seq} title={exactTime(event.at)}><span>{t("erasedEvents", { name: event.username, count: event.of.length })}</span></p>;
}

export function NoteRow({ seq, at, text }: { seq: number; at: string; text: string }) {
  return <p class="aside-line" data-row data-seq={seq} data-note title={exactTime(at)}><span>{text}</span></p>;
}

/** A message not yet in the log, shown at the end with its state. */
export function PendingRow({ pending, room }: { pending: Pending; room: Room }) {
  version.value;
  const { id, username, message, written, state, error } = pending;
  const done = action(message);
  return (
    <article class={`message pending ${state}`} data-row data-pending={id} aria-label={t("notYetInLog", { name: username })}>
      <div class="gutter"><Avatar name={username} /></div>
      <div class="body">
        <div class="who"><b class={hueClass(username)}>{username}</b><time class="time">{clockTime(written)}</time></div>
        <p class="words"><Words text={done === null ? message : `${username} ${done}`} /></p>
        <p class="fate">
          {state === "refused" ? <><Icon name="warning" /><span>{t("notSent", { why: error?.message ?? "" })}</span>
            <button type="button" class="link" onClick={() => room.outbox.retry(id)}>{t("retry")}</button>
            <button type="button" class="link" onClick={() => room.outbox.drop(id)}>{t("discard")}</button></>
          : <><Icon name="clock" /><span>{fate(pending, room)}</span>
            {state === "waiting" && <button type="button" class="link" onClick={() => room.outbox.drop(id)}>{t("discard")}</button>}</>}
        </p>
      </div>
    </article>
  );
}

function fate({ state, error }: Pending, room: Room): string {
  if (state === "placed") return t("inTheLog");
  if (state === "sent") return t("sending");
  if (room.state.is !== "live") return t("waitingForConnection");
  return error ? t("retrying", { why: error.message }) : t("queued");
}
