/** The joined rooms with their unread counts, and the state of the connection. */
import type { Room } from "../../client/index.ts";
import { chatAddress } from "../ui/addresses.ts";
import { Brand } from "../ui/brand.tsx";
import { Icon } from "../ui/icons.tsx";
import { Avatar } from "../ui/person.tsx";
import { plainly, plural } from "../ui/words.ts";
import { ConnectionState } from "./connection-state.tsx";
import { current, goTo, open } from "./place.ts";
import { client, me, titleOf, version } from "./session.ts";

export function Sidebar() {
  version.value;
  return (
    <nav class="sidebar" aria-label="Rooms">
      <header>
        <Brand />
        <button type="button" class="icon-button" aria-label="Keyboard shortcuts" title="Keyboard shortcuts (?)" onClick={() => { open.value = "keys"; }}><Icon name="keyboard" /></button>
      </header>
      <button type="button" class="find" onClick={() => { open.value = "rooms"; }}>
        <Icon name="search" /><span>Find a room</span><kbd>Ctrl K</kbd>
      </button>
      <ul class="rooms">
        {[...client.rooms.values()].map((room) => <li key={room.name}><RoomLink room={room} /></li>)}
      </ul>
      <footer>
        <ConnectionState />
        <button type="button" class="self" onClick={() => { open.value = "settings"; }}>
          <Avatar name={me.value} small /><span class="name">{me.value}</span><Icon name="settings" /><span class="hidden">Settings</span>
        </button>
      </footer>
    </nav>
  );
}

function RoomLink({ room }: { room: Room }) {
  version.value;
  const here = current.value === room.name;
  const { count, atLeast } = room.unread;
  return (
    <a href={chatAddress(room.name)} class={`room-link${count > 0 ? " new" : ""}`} aria-current={here ? "page" : undefined}
      onClick={(event) => {
        if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab is the browser's
        event.preventDefault();
        goTo(room.name);
      }}>
      <span class="hash" aria-hidden="true">#</span>
      <span class="name">{titleOf(room.name)}</span>
      {room.state.is === "refused" && <span class="faulty" title={plainly(room.state)}><Icon name="warning" /><span class="hidden">{plainly(room.state)}</span></span>}
      {room.state.is === "removed" && <span class="faulty" title="You were removed"><Icon name="warning" /><span class="hidden">You were removed from this room</span></span>}
      {room.outbox.pending.length > 0 && <span class="waiting" title={plural(room.outbox.pending.length, "message") + " on the way"}><Icon name="clock" /></span>}
      {count > 0 && <span class="badge"><span aria-hidden="true">{count > 999 ? "999+" : `${count}${atLeast ? "+" : ""}`}</span><span class="hidden">{plural(count, "unread message")}</span></span>}
    </a>
  );
}
