/** The page's shape: what and how sure, when, and then: the log beside the room as it was. */
import { useEffect } from "preact/hooks";
import { Icon } from "../ui/icons.tsx";
import { Badge } from "./badge.tsx";
import { Header } from "./header.tsx";
import { listenToKeys } from "./keys.ts";
import { Present } from "./presence-chart.tsx";
import { events, fault, firstSeq, head, lastSeq, load, loading, rooms } from "./room-log.ts";
import { RoomThen } from "./room-then.tsx";
import { Table } from "./table.tsx";
import { Transport } from "./transport.tsx";
import { pane, room, witnesses, type Pane } from "./view.ts";
import { Witnesses } from "./witnesses.tsx";

const PANES: readonly [Pane, string][] = [["table", "Events"], ["room", "Room then"], ["people", "People"]];

export function App() {
  useEffect(listenToKeys, []);
  return (
    <div class="audit">
      <Header badge={<Badge />} />
      {room.value === null ? <NoRooms /> : events.value.length === 0 ? <Waiting room={room.value} /> : <Everything />}
    </div>
  );
}

function Everything() {
  return (
    <>
      <Transport />
      <Progress />
      <nav class="tabs" aria-label="Views">
        {PANES.map(([name, label]) => (
          <button key={name} type="button" aria-pressed={pane.value === name} onClick={() => { pane.value = name; }}>{label}</button>
        ))}
      </nav>
      <main class={`panes show-${pane.value}`}>
        <Present />
        <Table />
        {witnesses.value === null ? <RoomThen /> : <Witnesses seq={witnesses.value} />}
      </main>
    </>
  );
}

function Progress() {
  if (fault.value) return (
    <p class="strip warning" role="alert"><Icon name="warning" /><span>{fault.value}</span>
      <button type="button" class="link" onClick={() => void load(room.value!, false)}>Go on</button></p>
  );
  if (firstSeq.value > 1 && !loading.value)
    return <p class="strip"><span>This room is long: its log is shown from seq {firstSeq.value.toLocaleString()} on.</span></p>;
  if (!loading.value) return null;
  return <progress class="progress" aria-label="Loading the log" max={head.value} value={lastSeq.value} />;
}

function Waiting({ room: name }: { room: string }) {
  if (fault.value) return (
    <div class="nothing" role="alert">
      <h1>{name} cannot be shown</h1>
      <p>{fault.value}</p>
      <button type="button" class="primary" onClick={() => void load(name, true)}>Try again</button>
    </div>
  );
  return <div class="nothing" role="status"><p>{loading.value ? "Loading the log…" : "This room has no events."}</p></div>;
}

function NoRooms() {
  if (rooms.value === null && !fault.value) return <div class="nothing" role="status"><p>Looking for rooms…</p></div>;
  return (
    <div class="nothing">
      <h1>{fault.value ? "The rooms cannot be listed" : "There is no room yet"}</h1>
      <p>{fault.value ?? "What is said in the chat will be here, event by event."}</p>
      <a class="primary" href={new URL(".", document.baseURI).href}>To the chat</a>
    </div>
  );
}
