/** The page's layout: header with verdict, slider, and the log beside the room at that time. */
import type { ComponentChild } from "preact";
import { useEffect } from "preact/hooks";
import { Icon } from "../ui/icons.tsx";
import { signOut, signedIn } from "../ui/identity.ts";
import { Renewal } from "../ui/sign-in.tsx";
import { parts, roomTitle, t, type Key } from "../ui/words.ts";
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

const PANES: readonly [Pane, Key][] = [["table", "events"], ["room", "roomThen"], ["people", "people"]];

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
        <h1>{t("forAuditors")}</h1>
        <p class="lead">{parts<ComponentChild>("needsScope", { audit: <code>audit</code>, admin: <code>admin</code>, name: signedIn()?.username ?? "" })}</p>
        <a class="primary wide" href={new URL(".", document.baseURI).href}>{t("goToChat")}</a>
        <button type="button" class="quiet" onClick={signOut}>{t("signInOther")}</button>
      </div>
    </main>
  );
}

function Everything() {
  return (
    <>
      <Transport />
      <Progress />
      <nav class="tabs" aria-label={t("views")}>
        {PANES.map(([name, label]) => (
          <button key={name} type="button" aria-pressed={pane.value === name} onClick={() => { pane.value = name; }}>{t(label)}</button>
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
      <button type="button" class="link" onClick={() => void load(room.value!, false)}>{t("retry")}</button></p>
  );
  if (firstSeq.value > 1 && !loading.value)
    return <p class="strip"><span>{t("longRoom", { seq: firstSeq.value })}</span></p>;
  if (!loading.value) return null;
  return <progress class="progress" aria-label={t("loadingLog")} max={head.value} value={lastSeq.value} />;
}

function Waiting({ room: name }: { room: string }) {
  if (fault.value) return (
    <div class="nothing" role="alert">
      <h1>{t("cannotShow", { room: roomTitle(name) })}</h1>
      <p>{fault.value}</p>
      <button type="button" class="primary" onClick={() => void load(name, true)}>{t("retry")}</button>
    </div>
  );
  return <div class="nothing" role="status"><p>{t(loading.value ? "loadingLogNow" : "noEvents")}</p></div>;
}

function NoRooms() {
  if (rooms.value === null && !fault.value) return <div class="nothing" role="status"><p>{t("loadingRooms")}</p></div>;
  return (
    <div class="nothing">
      <h1>{t(fault.value ? "cannotList" : "noRooms")}</h1>
      <p>{fault.value ?? t("eventsAppear")}</p>
      <a class="primary" href={new URL(".", document.baseURI).href}>{t("goToChat")}</a>
    </div>
  );
}
