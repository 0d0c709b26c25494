/** The first page, and the page without a room; both lead to joining one. */
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import { onlyRoom, readFragment } from "../ui/addresses.ts";
import { Brand } from "../ui/brand.tsx";
import { Icon } from "../ui/icons.tsx";
import { storage } from "../ui/storage.ts";
import { isEmbedded } from "../ui/token.ts";
import { parts, t } from "../ui/words.ts";
import { nameFault, roomFault, tidy } from "./limits.ts";
import { drawer, open } from "./place.ts";

interface Props {
  /** Why the server refused the last name. */
  readonly fault: string | null;
  readonly onEnter: (name: string, room: string) => void;
}

export function Welcome({ fault, onEnter }: Props) {
  const [name, setName] = useState(storage.get("name") ?? "");
  const [room, setRoom] = useState(onlyRoom ?? readFragment(location.hash)?.room ?? storage.get("room") ?? "general");
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
        <h1>{onlyRoom ?? t("joinARoom")}</h1>
        <p class="lead">{t(onlyRoom === null ? "welcomeLead" : "embedLead")}</p>
        {fault && <p class="banner danger" role="alert"><Icon name="warning" />{fault}</p>}
        <label class="field">
          <span>{t("yourName")}</span>
          <input name="username" value={name} autofocus={!isEmbedded} autocomplete="nickname" spellcheck={false} maxLength={128}
            aria-invalid={tried && wrongName !== null} aria-describedby="name-help"
            onInput={(event) => setName(event.currentTarget.value)} />
          <small id="name-help" class="fault" role="alert">{tried ? wrongName : null}</small>
        </label>
        {onlyRoom === null && <label class="field">
          <span>{t("room")}</span>
          <input name="room" value={room} autocomplete="off" spellcheck={false} maxLength={128}
            aria-invalid={tried && wrongRoom !== null} aria-describedby="room-help"
            onInput={(event) => setRoom(event.currentTarget.value)} />
          <small id="room-help" class="fault" role="alert">{tried ? wrongRoom : null}</small>
        </label>}
        <button class="primary wide" type="submit">{t("join")}</button>
        {onlyRoom === null && <p class="aside">{parts<ComponentChild>("orThePast", { link: <a href={new URL("audit", document.baseURI).href}>{t("theTimeMachine")}</a> })}</p>}
      </form>
    </main>
  );
}

export function NoRoom() {
  return (
    <div class="empty">
      <button type="button" class="icon-button only-narrow corner" aria-label={t("rooms")} onClick={() => { drawer.value = "rooms"; }}><Icon name="menu" /></button>
      <h1>{t("noRoomYet")}</h1>
      <p>{t("noRoomLead")}</p>
      <button type="button" class="primary" onClick={() => { open.value = "rooms"; }}><Icon name="search" />{t("findRoom")}</button>
    </div>
  );
}
