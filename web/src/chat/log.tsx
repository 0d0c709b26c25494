/**
 * The log: a window on the room's events that follows the present or stays where it is.
 *
 * Promises: what is being read does not move, whatever comes above or below it; the page holds
 * some hundreds of rows however long the history; a screen reader hears what is new and not
 * what was loaded.
 */
import type { ComponentChild } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef } from "preact/hooks";
import { isAtLeast, type Room } from "../../client/index.ts";
import { Icon } from "../ui/icons.tsx";
import { signedIn } from "../ui/identity.ts";
import { parts, t } from "../ui/words.ts";
import { registerLog } from "./focus.ts";
import { ChatRow, DayRow, ErasureRow, NoteRow, PendingRow, PresenceLine, UnreadRow } from "./log-rows.tsx";
import { say } from "./notices.ts";
import { target } from "./place.ts";
import { rowsOf, type Row } from "./rows.ts";
import { LogScroll } from "./scroll.ts";
import { markRead, me, redraw, roleIn, titleOf, version } from "./session.ts";

export function Log({ room }: { room: Room }) {
  version.value;
  const box = useRef<HTMLDivElement>(null);
  const scroll = useMemo(() => new LogScroll(room), [room]);
  const { timeline, outbox } = room;
  const live = room.state.is === "live";
  const name = me.value;
  const line = useUnreadLine(room, live);
  const rows = useMemo(() => rowsOf(timeline.events, line.current ?? Infinity, name),
    [timeline.events, timeline.last, line.current, name]);

  useLayoutEffect(() => {
    const element = box.current!;
    scroll.attach(element, (seq) => { if (document.hasFocus()) markRead(room, seq); });
    registerLog({ scroller: element, toPresent: () => { line.current = null; scroll.toPresent(); } });
    return () => {
      registerLog(null);
      scroll.detach();
    };
  }, [room]);
  useLayoutEffect(() => scroll.drawn(live));
  useEffect(() => {
    // After `settle`, which has marked as read what somebody is looking at: that gets no line.
    if (!live || line.current !== null || room.unread.count === 0) return;
    line.current = room.unread.read;
    redraw();
  });
  useEffect(() => {
    const seq = target.value;
    if (seq === null || !live) return;
    void scroll.showMessage(seq).then((found) => {
      if (found || target.value !== seq) return;
      target.value = null;
      say(t("noMessage", { seq: String(seq), room: titleOf(room.name) }));
    });
  }, [target.value, live]);

  const erases = useErasing(room);
  const quiet = useQuiet(!live || room.loading !== null || !timeline.atPresent);
  const empty = live && rows.every((row) => row.kind !== "chat") && !timeline.moreBefore && outbox.pending.length === 0;
  return (
    <div class="log-frame">
      <div ref={box} class="log" role="log" aria-label={t("messagesIn", { room: titleOf(room.name) })} aria-live={quiet ? "off" : "polite"} aria-busy={quiet}
        tabIndex={0} onScroll={() => scroll.scrolled()}>
        <Beginning room={room} />
        {rows.map((row) => draw(row, room.name, name, erases))}
        {timeline.atPresent && outbox.pending.map((pending) => <PendingRow key={pending.id} pending={pending} room={room} />)}
        {room.loading === "newer" && <p class="loading">{t("loading")}</p>}
        {empty && <p class="first-word">{t("firstWord")}</p>}
      </div>
      {!scroll.atEnd && live && (
        <button type="button" class="to-present" onClick={() => scroll.toPresent()}>
          <Icon name="down" />{room.unread.count > 0 ? t("newMessages", { count: room.unread.count }) : t("jumpToPresent")}
        </button>
      )}
    </div>
  );
}

/** Where unread began when the room was opened or came back; gone when one writes or says Esc. */
function useUnreadLine(room: Room, live: boolean): { current: number | null } {
  const line = useRef<number | null>(null);
  const wasLive = useRef(false);
  if (live && !wasLive.current && room.unread.count > 0) line.current = room.unread.read;
  wasLive.current = live;
  return line;
}

/** True while busy and until what came of it has been drawn: loaded history is not news. */
function useQuiet(busy: boolean): boolean {
  const was = useRef(true);
  const quiet = busy || was.current;
  useEffect(() => {
    const ended = was.current && !busy;
    was.current = busy;
    if (!ended) return;
    const timer = setTimeout(redraw, 250);
    return () => clearTimeout(timer);
  }, [busy]);
  return quiet;
}

function Beginning({ room }: { room: Room }) {
  version.value;
  const { first, moreBefore } = room.timeline;
  if (first === null) return <div class="skeleton" role="img" aria-label={t("loadingLabel")}>{[62, 38, 74, 50].map((width) => <i key={width} class={`w${width}`} />)}</div>;
  if (moreBefore) return <p class="loading">{room.loading === "older" ? t("loadingOlder") : " "}</p>;
  return <p class="beginning">{parts<ComponentChild>("beginningOf", { room: <b>{titleOf(room.name)}</b> })}</p>;
}

/** Which messages I may erase: all as a moderator, my own where the server lets me. */
function useErasing(room: Room): (username: string) => boolean {
  const role = roleIn(room), who = signedIn();
  const all = role !== null && isAtLeast(role, "moderator");
  const own = role !== null && isAtLeast(role, "reader") && who !== null && who.mayRedactOwn;
  return (username) => all || (own && username === me.value);
}

function draw(row: Row, room: string, name: string, erases: (username: string) => boolean) {
  switch (row.kind) {
    case "day": return <DayRow key={row.key} at={row.at} />;
    case "unread": return <UnreadRow key={row.key} />;
    case "presence": return <PresenceLine key={row.key} row={row} />;
    case "note": return <NoteRow key={row.key} seq={row.seq} at={row.at} text={row.text} />;
    case "erasure": return <ErasureRow key={row.key} event={row.event} />;
    case "chat":
      return <ChatRow key={row.key} event={row.event} grouped={row.grouped} room={room} me={name} targeted={target.value === row.event.seq}
        erasable={erases(row.event.username)} />;
  }
}
