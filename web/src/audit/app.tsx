/** The page's layout: header with verdict, slider, and the log beside the room at that time. */
import { useEffect } from "preact/hooks";
import { Icon } from "../ui/icons.tsx";
import { signOut, signedIn } from "../ui/identity.ts";
import { Renewal } from "../ui/sign-in.tsx";
import { roomTitle } from "../ui/words.ts";
import { Badge } from "./badge.tsx";
import { Header } from "./header.tsx";
import { listenToKeys } from "./keys.ts";
import { Present } from "./presence-chart.tsx";
import { events, fault, firstSeq, head, lastSeq, load, loading, rooms } from "./room-log.ts";
import { RoomThen } from "./room-then.tsx";
import { Table } from "./table.tsx";
import { Transport } from "./transport.tsx";
import { looking, pane, room, witnesses, type Pane } from "./view.ts";
import { WhoLooked } from "./who-looked.tsx";
import { Witnesses } from "./witnesses.tsx";

const PANES: readonly [Pane, string][] = [["table", "Events"], ["room", "Room at this time"], ["people", "People"]];

export function App() {
  useEffect(listenToKeys, []);
  return (
    <div class="audit">
      <Header badge={<Badge />} />
      <Renewal />
      {room.value === null ? <NoRooms /> : events.value.length === 0 ? <Waiting room={room.value} /> : <Everything />}
    </div>
  );
}

/** Whoever has signed in, but without the scope that this page asks with. */
export function ForAuditors() {
  return (
    <main class="welcome">
      <div class="card">
        <h1>The time machine is for auditors</h1>
        <p class="lead">It needs a token with the scope <code>audit</code> or <code>admin</code>; {signedIn()?.username} has neither.</p>
        <a class="primary wide" href={new URL(".", document.baseURI).href}>Go to the chat</a>
        <button type="button" class="quiet" onClick={signOut}>Sign in as somebody else</button>
      </div>
    </main>
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
        <Beside />
      </main>
    </>
  );
}

/** Beside the log: who could have seen a message, who looked, or else the room at that time. */
function Beside() {
  if (witnesses.value !== null) return <Witnesses seq={witnesses.value} />;
  return looking.value && signedIn() !== null ? <WhoLooked /> : <RoomThen />;
}

function Progress() {
  if (fault.value) return (
    <p class="strip warning" role="alert"><Icon name="warning" /><span>{fault.value}</span>
      <button type="button" class="link" onClick={() => void load(room.value!, false)}>Retry</button></p>
  );
  if (firstSeq.value > 1 && !loading.value)
    return <p class="strip"><span>This room is long: its log is shown from seq {firstSeq.value.toLocaleString()}.</span></p>;
  if (!loading.value) return null;
  return <progress class="progress" aria-label="Loading the log" max={head.value} value={lastSeq.value} />;
}

function Waiting({ room: name }: { room: string }) {
  if (fault.value) return (
    <div class="nothing" role="alert">
      <h1>{roomTitle(name)} cannot be shown</h1>
      <p>{fault.value}</p>
      <button type="button" class="primary" onClick={() => void load(name, true)}>Retry</button>
    </div>
  );
  return <div class="nothing" role="status"><p>{loading.value ? "Loading the log…" : "This room has no events."}</p></div>;
}

function NoRooms() {
  if (rooms.value === null && !fault.value) return <div class="nothing" role="status"><p>Loading rooms…</p></div>;
  return (
    <div class="nothing">
      <h1>{fault.value ? "The rooms cannot be listed" : "There are no rooms yet"}</h1>
      <p>{fault.value ?? "Events from the chat will appear here."}</p>
      <a class="primary" href={new URL(".", document.baseURI).href}>Go to the chat</a>
    </div>
  );
}
