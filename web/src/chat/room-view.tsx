/** One room: its header, its log and the composer. */
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import type { Role, Room } from "../../client/index.ts";
import { auditAddress, onlyRoom } from "../ui/addresses.ts";
import { Icon } from "../ui/icons.tsx";
import { Renewal } from "../ui/sign-in.tsx";
import { signedIn } from "../ui/identity.ts";
import { number, parts, plainly, t } from "../ui/words.ts";
import { Composer } from "./composer.tsx";
import { Log } from "./log.tsx";
import { dismiss, sayings } from "./notices.ts";
import { asked, drawer, goTo, leave, open, peopleShown, togglePeople } from "./place.ts";
import { mayChat } from "./rights.ts";
import { client, learnStanding, roleIn, titleOf, version } from "./session.ts";

export function RoomView({ room }: { room: Room }) {
  version.value;
  const elsewhere = [...client.rooms.values()].some((other) => other !== room && other.unread.count > 0);
  const role = useRole(room), { topic, locked } = room.standing.rules;
  return (
    <>
      <header class="room-header">
        {onlyRoom === null && <button type="button" class="icon-button only-narrow" aria-label={t(elsewhere ? "roomsWithNew" : "rooms")}
          onClick={() => { drawer.value = "rooms"; }}><Icon name="menu" />{elsewhere && <span class="dot-new" />}</button>}
        <h1><span class="hash" aria-hidden="true">#</span>{titleOf(room.name)}{topic !== "" && !room.name.startsWith("~") && <span class="topic" title={topic}>{topic}</span>}</h1>
        {locked && <span class="locked" title={t("lockedTitle")}><Icon name="lock" /><span class="hidden">{t("locked")}</span></span>}
        {role !== null && <button type="button" class="icon-button" aria-label={t("roomAndMembers")} title={t("roomAndMembers")}
          onClick={() => { asked.value = { is: "room", room: room.name }; }}><Icon name="settings" /></button>}
        {onlyRoom === null && maySee() && <a class="icon-button" href={auditAddress(room.name)} aria-label={t("timeMachineOf")} title={t("timeMachine")}><Icon name="audit" /></a>}
        <button type="button" class="people-button" aria-label={t("countPresent", { count: room.roster.count })} aria-expanded={peopleShown.value}
          title={t("whoIsPresent")} onClick={togglePeople}><Icon name="people" />{number.format(room.roster.count)}</button>
        {onlyRoom !== null && <button type="button" class="icon-button" aria-label={t("settings")} title={t("settings")} onClick={() => { open.value = "settings"; }}><Icon name="person" /></button>}
      </header>
      {room.state.is === "refused" ? <RefusedRoom room={room} message={plainly(room.state)} /> : <Log room={room} />}
      <Sayings />
      <Offline room={room} />
      <Renewal />
      <Writing room={room} canWrite={role === null || mayChat(role, locked)} />
    </>
  );
}

/** The time machine is for auditors, where people prove who they are. */
function maySee(): boolean {
  const who = signedIn();
  return who === null || who.scope.includes("audit") || who.scope.includes("admin");
}

/** Asked again this much later where the server's clock is behind this one's. */
const LATE_MILLISECONDS = 10_000;

/** My role here, asked for when the room is looked at, and again when a role runs out. */
function useRole(room: Room): Role | null {
  const { nextEnd: end, loads } = room.standing;
  useEffect(() => learnStanding(room));
  useEffect(() => {
    const left = end - Date.now();
    if (!Number.isFinite(end)) return;
    const timer = setTimeout(() => void room.loadStanding(), left < 0 ? LATE_MILLISECONDS : Math.min(left + 1_000, 2 ** 31 - 1));
    return () => clearTimeout(timer);
  }, [room, end, loads]);
  return roleIn(room);
}

/** Where messages are written, or why none can be. */
function Writing({ room, canWrite }: { room: Room; canWrite: boolean }) {
  const { state } = room;
  if (state.is === "removed") return (
    <div class="sidelined" role="alert">
      <Icon name="warning" />
      <p>{removal(state.by, state.reason ?? "")}</p>
      <button type="button" class="link" onClick={() => client.rejoin(room)}>{t("joinAgain")}</button>
      {onlyRoom === null && <button type="button" class="link" onClick={() => leave(room.name)}>{t("close")}</button>}
    </div>
  );
  if (canWrite) return <Composer room={room} />;
  return <p class="sidelined"><Icon name="lock" />{t(room.standing.rules.locked ? "roomLocked" : "onlyRead")}</p>;
}

function removal(by: string | null, reason: string): ComponentChild {
  if (by === null) return reason === "" ? t("yourRoleEnded") : t("yourRoleEndedWhy", { reason });
  return parts<ComponentChild>(reason === "" ? "removedYou" : "removedYouWhy", { name: <b>{by}</b>, reason });
}

/** The narrow screen has no sidebar in sight: the state of the connection comes to the composer. */
function Offline({ room }: { room: Room }) {
  version.value;
  const state = client.connection;
  if (state.is === "open" || (state.is === "connecting" && state.attempt === 0)) return null;
  const waiting = room.outbox.pending.length;
  return (
    <div class="offline">
      <Icon name="warning" />
      <span>{t(waiting > 0 ? "offlineKept" : "offline")}</span>
      <button type="button" class="link" onClick={() => client.wake()}>{t("tryNow")}</button>
    </div>
  );
}

function Sayings() {
  return (
    <div class="sayings" role="status">
      {sayings.value.map(({ key, text, tone }) => (
        <p key={key} class={tone}><span>{text}</span>
          <button type="button" class="icon-button" aria-label={t("dismiss")} onClick={() => dismiss(key)}><Icon name="close" /></button></p>
      ))}
    </div>
  );
}

function RefusedRoom({ room, message }: { room: Room; message: string }) {
  const [other, setOther] = useState("");
  return (
    <div class="empty" role="alert">
      <h2>{t("cannotJoin")}</h2>
      <p>{message}</p>
      {onlyRoom === null && <form onSubmit={(event) => { event.preventDefault(); if (other.trim()) { leave(room.name); goTo(other.trim()); } }}>
        <input class="search" aria-label={t("anotherRoom")} placeholder={t("anotherRoom")} value={other} onInput={(event) => setOther(event.currentTarget.value)} />
        <button type="submit" class="primary">{t("join")}</button>
      </form>}
      <p><button type="button" class="link" onClick={() => client.rejoin(room)}>{t("retry")}</button>
        {onlyRoom === null && <> · <button type="button" class="link" onClick={() => leave(room.name)}>{t("leaveRoom")}</button></>}</p>
    </div>
  );
}
