/** The page's shape: rooms, the room, its people. */
import { useEffect } from "preact/hooks";
import { onlyRoom } from "../ui/addresses.ts";
import { signedIn, type Known } from "../ui/identity.ts";
import { Renewal } from "../ui/sign-in.tsx";
import { title as name } from "../ui/title.ts";
import { t } from "../ui/words.ts";
import { KeysDialog } from "./keys-dialog.tsx";
import { Governing } from "./governing.tsx";
import { People } from "./people.tsx";
import { arrive, asked, choose, current, drawer, open, peopleShown } from "./place.ts";
import { RoomsDialog } from "./rooms-dialog.tsx";
import { RoomView } from "./room-view.tsx";
import { client, enter, enterAs, me, titleOf, version } from "./session.ts";
import { SettingsDialog } from "./settings-dialog.tsx";
import { Sidebar } from "./sidebar.tsx";
import { NoRoom, Welcome } from "./welcome.tsx";

let arrived = false;

export function App() {
  version.value;
  const who = signedIn();
  useEffect(() => {
    if (who) beginAs(who);
    else if (me.value !== "" && !arrived) begin(me.value);
  }, [who?.subject]);
  useEffect(() => { document.title = title(); });
  const refused = [...client.rooms.values()].find(({ state }) => state.is === "refused" && state.code.startsWith("username_"));
  if (!who && (me.value === "" || refused))
    return <Welcome fault={refused?.state.is === "refused" ? refused.state.message : null} onEnter={begin} />;
  const room = current.value === null ? undefined : client.rooms.get(current.value);
  return (
    <div class={`page${onlyRoom === null ? "" : " embedded"}${peopleShown.value ? " with-people" : ""}${drawer.value ? ` drawer-${drawer.value}` : ""}`}>
      {onlyRoom === null && <Sidebar />}
      <main class="room">
        {room ? <RoomView key={room.name} room={room} /> : <><NoRoom /><Renewal /></>}
      </main>
      {room && <People room={room} />}
      {drawer.value && <button class="scrim" type="button" aria-label={t("closePanel")} onClick={() => { drawer.value = null; }} />}
      {asked.value && <Governing asked={asked.value} />}
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

function beginAs(who: Known): void {
  if (!enterAs(who)) return;
  if (current.value !== null) history.replaceState(null, "", location.pathname); // where somebody else was
  current.value = null;
  arrive();
}

function title(): string {
  const unread = [...client.rooms.values()].reduce((sum, room) => sum + room.unread.count, 0);
  return `${unread > 0 ? `(${unread}) ` : ""}${current.value === null ? "" : `${titleOf(current.value)} · `}${name}`;
}
