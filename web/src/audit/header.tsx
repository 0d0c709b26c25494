/** The header: the room, the verdict, the export and the link to the chat. */
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { chatAddress } from "../ui/addresses.ts";
import { Icon } from "../ui/icons.tsx";
import { title } from "../ui/title.ts";
import { roomTitle, t } from "../ui/words.ts";
import { asCsv, asJsonLines, save } from "./exports.ts";
import { faultOf } from "./filters.ts";
import { events, rooms, shown } from "./room-log.ts";
import { filters, openRoom, room } from "./view.ts";

export function Header({ badge }: { badge: ComponentChildren }) {
  const names = [...new Set([...(room.value === null ? [] : [room.value]), ...(rooms.value ?? []).map((info) => info.room)])];
  return (
    <header class="top">
      <a class="brand" href={new URL(".", document.baseURI).href} title={t("goToChat")}>
        <span class="mark" aria-hidden="true"><i /><i /><i /></span><span class="word">{title}</span>
      </a>
      <span class="section">{t("timeMachine")}</span>
      <select class="room-select" aria-label={t("room")} value={room.value ?? ""} disabled={names.length === 0}
        onChange={(event) => openRoom(event.currentTarget.value)}>
        {names.map((name) => <option key={name} value={name}>{roomTitle(name, rooms.value?.find((info) => info.room === name)?.topic)}</option>)}
      </select>
      {badge}
      <span class="grow" />
      <Export />
      {room.value !== null && <a class="quiet as-link" href={chatAddress(room.value)}><Icon name="chat" /><span class="word">{t("openChat")}</span></a>}
    </header>
  );
}

function Export() {
  const menu = useRef<HTMLDetailsElement>(null);
  const count = shown.value.length, fault = faultOf(filters.value);
  const run = (kind: "jsonl" | "csv") => {
    const chosen = shown.value.map((index) => events.value[index]!);
    if (kind === "jsonl") save(`${room.value}.jsonl`, "application/x-ndjson", asJsonLines(chosen));
    else save(`${room.value}.csv`, "text/csv;charset=utf-8", asCsv(chosen));
    menu.current!.open = false;
  };
  return (
    <details class="menu" ref={menu} onFocusOut={(event) => { if (!menu.current!.contains(event.relatedTarget as Node | null)) menu.current!.open = false; }}>
      <summary class="quiet" aria-disabled={count === 0}><Icon name="save" /><span class="word">{t("export")}</span></summary>
      <div>
        <p class={fault === null ? "note" : "note fault"}>{fault ?? t("inThisView", { count })}</p>
        <button type="button" disabled={count === 0} onClick={() => run("jsonl")}>{t("jsonLines")}</button>
        <button type="button" disabled={count === 0} onClick={() => run("csv")}>{t("csvTable")}</button>
      </div>
    </details>
  );
}
