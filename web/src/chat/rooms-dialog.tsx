/** Find, join or create a room: a list that reacts to typing and arrow keys. */
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import { api } from "../ui/addresses.ts";
import { Dialog } from "../ui/dialog.tsx";
import { listRooms, type RoomInfo } from "../ui/http.ts";
import { Icon } from "../ui/icons.tsx";
import { signedIn } from "../ui/identity.ts";
import { ago } from "../ui/time.ts";
import { parts, roomTitle, t } from "../ui/words.ts";
import { roomFault, tidy } from "./limits.ts";
import { asked, goTo, leave, open } from "./place.ts";
import { client, roomNames, titleOf, version } from "./session.ts";

interface Choice {
  readonly room: string;
  readonly mine: boolean;
  readonly isNew: boolean;
  readonly info: RoomInfo | null;
}

const SHOWN = 100;

export function RoomsDialog() {
  const [typed, setTyped] = useState("");
  const [at, setAt] = useState(0);
  const [known, setKnown] = useState<readonly RoomInfo[] | null>(null);
  const [fault, setFault] = useState<string | null>(null);
  useEffect(() => {
    // The list is a help: without it, one's own rooms and the typed name still work.
    listRooms((after) => api("rooms", { after, limit: 100 })).then(setKnown, (error: Error) => setFault(error.message));
  }, []);
  const close = () => { open.value = null; };
  const who = signedIn();
  const choices = choicesFor(tidy(typed), known ?? [], who === null || who.mayCreateRooms);
  const chosen = Math.min(at, choices.length - 1);
  const take = (choice: Choice | undefined) => {
    if (!choice) return;
    close();
    if (choice.isNew && who) asked.value = { is: "create", name: choice.room };
    else goTo(choice.room);
  };
  const wrong = typed !== "" && choices.length === 0 ? roomFault(tidy(typed)) : null;
  return (
    <Dialog title={t("rooms")} name="finder" onClose={close}>
      <input class="search" data-first type="text" placeholder={t("roomName")} value={typed} spellcheck={false} autocomplete="off"
        role="combobox" aria-expanded="true" aria-controls="room-choices" aria-label={t("findOrCreate")}
        aria-activedescendant={chosen >= 0 ? `choice-${chosen}` : undefined}
        onInput={(event) => { setTyped(event.currentTarget.value); setAt(0); }}
        onKeyDown={(event) => {
          if (event.isComposing) return;
          if (event.key === "ArrowDown" || event.key === "ArrowUp") {
            event.preventDefault();
            setAt((chosen + (event.key === "ArrowDown" ? 1 : -1) + choices.length) % Math.max(1, choices.length));
          } else if (event.key === "Enter") {
            event.preventDefault(); // the composer is about to have the focus, and would take it as a line
            take(choices[chosen]);
          }
        }} />
      <ul id="room-choices" class="choices-list" role="listbox" aria-label={t("rooms")}>
        {choices.map((choice, index) => (
          <li key={choice.room} id={`choice-${index}`} role="option" aria-selected={index === chosen}
            ref={(element) => { if (index === chosen) element?.scrollIntoView({ block: "nearest" }); }}
            onMouseMove={() => setAt(index)} onClick={() => take(choice)}>
            <span class="hash" aria-hidden="true">{choice.isNew ? <Icon name="plus" /> : "#"}</span>
            <span class="name">{choice.isNew ? parts<ComponentChild>("createNamed", { room: <b>{choice.room}</b> }) : titleIn(choice)}{choice.info?.topic && !choice.room.startsWith("~") && <small class="topic">{choice.info.topic}</small>}</span>
            <span class="facts">{facts(choice)}</span>
          </li>
        ))}
      </ul>
      {wrong && <p class="note fault" role="alert">{wrong}</p>}
      {!wrong && choices.length === 0 && <p class="note">{known === null && !fault ? t("loading") : t("noRoomsYet")}</p>}
      {fault && <p class="note">{t("roomsNotListed")}</p>}
      {who?.mayCreateRooms && <button type="button" class="quiet" onClick={() => { close(); asked.value = { is: "create", name: tidy(typed) }; }}>{t("createRoomMore")}</button>}
      <OwnRooms onLeave={() => setAt(0)} />
    </Dialog>
  );
}

function OwnRooms({ onLeave }: { onLeave: () => void }) {
  version.value;
  const names = roomNames();
  if (names.length === 0) return null;
  return (
    <details class="own">
      <summary>{t("leaveARoom")}</summary>
      <ul>
        {names.map((name) => (
          <li key={name}><span class="name">{titleOf(name)}</span>
            <button type="button" class="quiet" onClick={() => { leave(name); onLeave(); }}>{parts<ComponentChild>("leaveNamed", { room: <span class="hidden">{titleOf(name)}</span> })}</button></li>
        ))}
      </ul>
    </details>
  );
}

function titleIn({ room, info }: Choice): string {
  return info?.topic === undefined ? titleOf(room) : roomTitle(room, info.topic);
}

function choicesFor(typed: string, known: readonly RoomInfo[], mayCreate: boolean): Choice[] {
  const infos = new Map(known.map((info) => [info.room, info]));
  const names = [...new Set([...client.rooms.keys(), ...[...known].sort(byLife).map((info) => info.room)])];
  const sought = typed.toLocaleLowerCase();
  const title = (name: string) => (infos.has(name) ? roomTitle(name, infos.get(name)!.topic) : titleOf(name)).toLocaleLowerCase();
  const found = names.filter((name) => title(name).includes(sought))
    .sort((a, b) => Number(!title(a).startsWith(sought)) - Number(!title(b).startsWith(sought)))
    .slice(0, SHOWN)
    .map((room) => ({ room, mine: client.rooms.has(room), isNew: false, info: infos.get(room) ?? null }));
  if (typed === "" || names.includes(typed) || roomFault(typed) || !mayCreate) return found;
  return [...found, { room: typed, mine: false, isNew: true, info: null }];
}

/** Rooms with people first, then those lately spoken in. */
function byLife(a: RoomInfo, b: RoomInfo): number {
  return (b.users ?? 0) - (a.users ?? 0) || (b.last_at ?? "").localeCompare(a.last_at ?? "");
}

function facts({ mine, info }: Choice): string {
  const parts = [mine ? t("joined") : "", info?.users ? t("peopleHere", { count: info.users }) : "", info?.last_at ? ago(info.last_at) : "",
    info?.access === "private" ? t("isPrivate") : info?.access === "listed" && info.role === "none" ? t("isByInvitation") : ""];
  return parts.filter((part) => part !== "").join(" · ");
}
