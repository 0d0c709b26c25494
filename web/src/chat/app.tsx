/** The page's shape: rooms, the room, its people. */
import { useEffect } from "preact/hooks";
import { KeysDialog } from "./keys-dialog.tsx";
import { People } from "./people.tsx";
import { arrive, choose, current, drawer, open, peopleShown } from "./place.ts";
import { RoomsDialog } from "./rooms-dialog.tsx";
import { RoomView } from "./room-view.tsx";
import { client, enter, me, version } from "./session.ts";
import { SettingsDialog } from "./settings-dialog.tsx";
import { Sidebar } from "./sidebar.tsx";
import { NoRoom, Welcome } from "./welcome.tsx";

let arrived = false;

export function App() {
  version.value;
  useEffect(() => { if (me.value !== "" && !arrived) begin(me.value); }, []);
  useEffect(() => { document.title = title(); });
  const refused = [...client.rooms.values()].find(({ state }) => state.is === "refused" && state.code.startsWith("username_"));
  if (me.value === "" || refused)
    return <Welcome fault={refused?.state.is === "refused" ? refused.state.message : null} onEnter={begin} />;
  const room = current.value === null ? undefined : client.rooms.get(current.value);
  return (
    <div class={`page${peopleShown.value ? " with-people" : ""}${drawer.value ? ` drawer-${drawer.value}` : ""}`}>
      <Sidebar />
      <main class="room">
        {room ? <RoomView key={room.name} room={room} /> : <NoRoom />}
      </main>
      {room && <People room={room} />}
      {drawer.value && <button class="scrim" type="button" aria-label="Close panel" onClick={() => { drawer.value = null; }} />}
      {open.value === "rooms" && <RoomsDialog />}
      {open.value === "keys" && <KeysDialog />}
      {open.value === "settings" && <SettingsDialog />}
    </div>
  );
}

function begin(name: string, room?: string): void {
  enter(name);
  if (!arrived) arrive(room);
  else if (room !== undefined) choose(room);
  arrived = true;
}

function title(): string {
  const unread = [...client.rooms.values()].reduce((sum, room) => sum + room.unread.count, 0);
  return `${unread > 0 ? `(${unread}) ` : ""}${current.value === null ? "" : `${current.value} · `}chatlog`;
}
