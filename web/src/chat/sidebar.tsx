/** The joined rooms with their unread counts, and the state of the connection. */
import type { Room } from "../../client/index.ts";
import { chatAddress } from "../ui/addresses.ts";
import { Brand } from "../ui/brand.tsx";
import { Icon } from "../ui/icons.tsx";
import { Avatar } from "../ui/person.tsx";
import { plainly, t } from "../ui/words.ts";
import { ConnectionState } from "./connection-state.tsx";
import { current, goTo, open } from "./place.ts";
import { client, me, titleOf, version } from "./session.ts";

export function Sidebar() {
  version.value;
  return (
    <nav class="sidebar" aria-label={t("rooms")}>
      <header>
        <Brand />
        <button type="button" class="icon-button" aria-label={t("shortcuts")} title={t("shortcutsKey")} onClick={() => { open.value = "keys"; }}><Icon name="keyboard" /></button>
      </header>
      <button type="button" class="find" onClick={() => { open.value = "rooms"; }}>
        <Icon name="search" /><span>{t("findRoom")}</span><kbd>Ctrl K</kbd>
      </button>
      <ul class="rooms">
        {[...client.rooms.values()].map((room) => <li key={room.name}><RoomLink room={room} /></li>)}
      </ul>
      <footer>
        <ConnectionState />
        <button type="button" class="self" onClick={() => { open.value = "settings"; }}>
          <Avatar name={me.value} small /><span class="name">{me.value}</span><Icon name="settings" /><span class="hidden">{t("settings")}</span>
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
      {room.state.is === "removed" && <span class="faulty" title={t("youWereRemoved")}><Icon name="warning" /><span class="hidden">{t("youWereRemovedFrom")}</span></span>}
      {room.outbox.pending.length > 0 && <span class="waiting" title={t("onTheWay", { count: room.outbox.pending.length })}><Icon name="clock" /></span>}
      {count > 0 && <span class="badge"><span aria-hidden="true">{count > 999 ? "999+" : `${count}${atLeast ? "+" : ""}`}</span><span class="hidden">{t("unreadMessages", { count })}</span></span>}
    </a>
  );
}
