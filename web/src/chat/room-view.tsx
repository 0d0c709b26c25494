/** One room: its header, its log and the composer. */
import { useEffect, useState } from "preact/hooks";
import type { Role, Room } from "../../client/index.ts";
import { auditAddress } from "../ui/addresses.ts";
import { Icon } from "../ui/icons.tsx";
import { Renewal } from "../ui/sign-in.tsx";
import { signedIn } from "../ui/identity.ts";
import { number, plainly } from "../ui/words.ts";
import { Composer } from "./composer.tsx";
import { Log } from "./log.tsx";
import { dismiss, sayings } from "./notices.ts";
import { asked, drawer, goTo, leave, peopleShown, togglePeople } from "./place.ts";
import { mayChat } from "./rights.ts";
import { client, learnStanding, roleIn, titleOf, version } from "./session.ts";

export function RoomView({ room }: { room: Room }) {
  version.value;
  const elsewhere = [...client.rooms.values()].some((other) => other !== room && other.unread.count > 0);
  const role = useRole(room), { topic, locked } = room.standing.rules;
  return (
    <>
      <header class="room-header">
        <button type="button" class="icon-button only-narrow" aria-label={elsewhere ? "Rooms, with new messages" : "Rooms"}
          onClick={() => { drawer.value = "rooms"; }}><Icon name="menu" />{elsewhere && <span class="dot-new" />}</button>
        <h1><span class="hash" aria-hidden="true">#</span>{titleOf(room.name)}{topic !== "" && !room.name.startsWith("~") && <span class="topic" title={topic}>{topic}</span>}</h1>
        {locked && <span class="locked" title="Locked: only moderators write"><Icon name="lock" /><span class="hidden">Locked</span></span>}
        {role !== null && <button type="button" class="icon-button" aria-label="Room and members" title="Room and members"
          onClick={() => { asked.value = { is: "room", room: room.name }; }}><Icon name="settings" /></button>}
        {maySee() && <a class="icon-button" href={auditAddress(room.name)} aria-label="Time machine of this room" title="Time machine"><Icon name="audit" /></a>}
        <button type="button" class="people-button" aria-label={`${number.format(room.roster.count)} present`} aria-expanded={peopleShown.value}
          title="Who is present (Alt P)" onClick={togglePeople}><Icon name="people" />{number.format(room.roster.count)}</button>
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
      <p>{state.by === null ? "Your role in this room has ended" : <><b>{state.by}</b> removed you from this room</>}{state.reason ? `: ${state.reason}` : "."}</p>
      <button type="button" class="link" onClick={() => client.rejoin(room)}>Join again</button>
      <button type="button" class="link" onClick={() => leave(room.name)}>Close</button>
    </div>
  );
  if (canWrite) return <Composer room={room} />;
  return <p class="sidelined"><Icon name="lock" />{room.standing.rules.locked ? "This room is locked: only moderators write in it." : "You can read this room, but not write in it."}</p>;
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
      <span>{waiting > 0 ? "Not connected. Your messages are kept and will be sent on reconnection." : "Not connected. You can keep writing: messages are sent on reconnection."}</span>
      <button type="button" class="link" onClick={() => client.wake()}>Try now</button>
    </div>
  );
}

function Sayings() {
  return (
    <div class="sayings" role="status">
      {sayings.value.map(({ key, text, tone }) => (
        <p key={key} class={tone}><span>{text}</span>
          <button type="button" class="icon-button" aria-label="Dismiss" onClick={() => dismiss(key)}><Icon name="close" /></button></p>
      ))}
    </div>
  );
}

function RefusedRoom({ room, message }: { room: Room; message: string }) {
  const [other, setOther] = useState("");
  return (
    <div class="empty" role="alert">
      <h2>This room cannot be joined</h2>
      <p>{message}</p>
      <form onSubmit={(event) => { event.preventDefault(); if (other.trim()) { leave(room.name); goTo(other.trim()); } }}>
        <input class="search" aria-label="Another room" placeholder="Another room" value={other} onInput={(event) => setOther(event.currentTarget.value)} />
        <button type="submit" class="primary">Join</button>
      </form>
      <p><button type="button" class="link" onClick={() => client.rejoin(room)}>Retry</button> · <button type="button" class="link" onClick={() => leave(room.name)}>Leave room</button></p>
    </div>
  );
}
