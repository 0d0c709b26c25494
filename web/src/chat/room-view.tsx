/** One room: its header, its log and the composer. */
import { useState } from "preact/hooks";
import type { Room } from "../../client/index.ts";
import { auditAddress } from "../ui/addresses.ts";
import { Icon } from "../ui/icons.tsx";
import { number } from "../ui/words.ts";
import { Composer } from "./composer.tsx";
import { Log } from "./log.tsx";
import { dismiss, sayings } from "./notices.ts";
import { drawer, goTo, leave, peopleShown, togglePeople } from "./place.ts";
import { client, version } from "./session.ts";

export function RoomView({ room }: { room: Room }) {
  version.value;
  const elsewhere = [...client.rooms.values()].some((other) => other !== room && other.unread.count > 0);
  return (
    <>
      <header class="room-header">
        <button type="button" class="icon-button only-narrow" aria-label={elsewhere ? "Rooms, with new messages" : "Rooms"}
          onClick={() => { drawer.value = "rooms"; }}><Icon name="menu" />{elsewhere && <span class="dot-new" />}</button>
        <h1><span class="hash" aria-hidden="true">#</span>{room.name}</h1>
        <a class="icon-button" href={auditAddress(room.name)} aria-label="Time machine of this room" title="Time machine"><Icon name="audit" /></a>
        <button type="button" class="people-button" aria-label={`${number.format(room.roster.count)} present`} aria-expanded={peopleShown.value}
          title="Who is present (Alt P)" onClick={togglePeople}><Icon name="people" />{number.format(room.roster.count)}</button>
      </header>
      {room.state.is === "refused" ? <RefusedRoom room={room} message={room.state.message} /> : <Log room={room} />}
      <Sayings />
      <Offline room={room} />
      <Composer room={room} />
    </>
  );
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
