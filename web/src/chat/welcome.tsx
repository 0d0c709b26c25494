/** The first page, and the page without a room; both lead to joining one. */
import { useEffect, useState } from "preact/hooks";
import { readFragment } from "../ui/addresses.ts";
import { Brand } from "../ui/brand.tsx";
import { Icon } from "../ui/icons.tsx";
import { storage } from "../ui/storage.ts";
import { nameFault, roomFault, tidy } from "./limits.ts";
import { drawer, open } from "./place.ts";

interface Props {
  /** Why the server refused the last name. */
  readonly fault: string | null;
  readonly onEnter: (name: string, room: string) => void;
}

export function Welcome({ fault, onEnter }: Props) {
  const [name, setName] = useState(storage.get("name") ?? "");
  const [room, setRoom] = useState(readFragment(location.hash)?.room ?? storage.get("room") ?? "general");
  const [tried, setTried] = useState(false);
  useEffect(() => {
    const follow = () => setRoom((now) => readFragment(location.hash)?.room ?? now);
    addEventListener("hashchange", follow);
    return () => removeEventListener("hashchange", follow);
  }, []);
  const wrongName = nameFault(tidy(name)), wrongRoom = roomFault(tidy(room));
  return (
    <main class="welcome">
      <form class="card" noValidate onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (!wrongName && !wrongRoom) onEnter(tidy(name), tidy(room));
      }}>
        <Brand />
        <h1>Join a room</h1>
        <p class="lead">Pick a name and a room. Every message is kept, in order, for everyone in the room.</p>
        {fault && <p class="banner danger" role="alert"><Icon name="warning" />{fault}</p>}
        <label class="field">
          <span>Your name</span>
          <input name="username" value={name} autofocus autocomplete="nickname" spellcheck={false} maxLength={128}
            aria-invalid={tried && wrongName !== null} aria-describedby="name-help"
            onInput={(event) => setName(event.currentTarget.value)} />
          <small id="name-help" class="fault" role="alert">{tried ? wrongName : null}</small>
        </label>
        <label class="field">
          <span>Room</span>
          <input name="room" value={room} autocomplete="off" spellcheck={false} maxLength={128}
            aria-invalid={tried && wrongRoom !== null} aria-describedby="room-help"
            onInput={(event) => setRoom(event.currentTarget.value)} />
          <small id="room-help" class="fault" role="alert">{tried ? wrongRoom : null}</small>
        </label>
        <button class="primary wide" type="submit">Join</button>
        <p class="aside">Or look at the past first: <a href={new URL("audit", document.baseURI).href}>the time machine</a></p>
      </form>
    </main>
  );
}

export function NoRoom() {
  return (
    <div class="empty">
      <button type="button" class="icon-button only-narrow corner" aria-label="Rooms" onClick={() => { drawer.value = "rooms"; }}><Icon name="menu" /></button>
      <h1>No room yet</h1>
      <p>Join an existing room, or create a new one.</p>
      <button type="button" class="primary" onClick={() => { open.value = "rooms"; }}><Icon name="search" />Find a room</button>
    </div>
  );
}
