/** The people present, each once however many tabs they have. */
import type { ComponentChild } from "preact";
import type { Role, Room } from "../../client/index.ts";
import { Icon } from "../ui/icons.tsx";
import { Avatar } from "../ui/person.tsx";
import { number, parts, roleWord, t } from "../ui/words.ts";
import { asked, drawer } from "./place.ts";
import { mayKick, mayResign, rolesToGive } from "./rights.ts";
import { client, me, roleIn, version } from "./session.ts";

/** More names than this are a number: nobody reads them, and each is a node in the page. */
const SHOWN = 200;

export function People({ room }: { room: Room }) {
  version.value;
  const { names, count } = room.roster;
  const stale = room.state.is !== "live" && count > 0;
  const shown = names.slice(0, SHOWN);
  return (
    <aside class={`people${stale ? " stale" : ""}`} aria-label={t("peoplePresent")}>
      <header>
        <h2>{parts<ComponentChild>("presentHead", { count: <span class="count">{number.format(count)}</span> })}</h2>
        <button type="button" class="icon-button only-narrow" aria-label={t("closePeople")} onClick={() => { drawer.value = null; }}><Icon name="close" /></button>
      </header>
      {stale && <p class="note">{t("asOfLast")}</p>}
      <ul>
        {shown.map((name) => (
          <li key={name}><Avatar name={name} small /><span class="name" title={name}>{name}</span>{name === me.value && <span class="you">{t("you")}</span>}
            <Standing room={room} name={name} /></li>
        ))}
      </ul>
      {count > shown.length && <p class="note">{t("andOthers", { count: count - shown.length })}</p>}
    </aside>
  );
}

/** Somebody's role where it says something, and the way to what one may do about it. */
function Standing({ room, name }: { room: Room; name: string }) {
  const mine = roleIn(room);
  if (mine === null) return null;
  const found = room.standing.named(name), role = (found?.role ?? "none") as Role;
  const isSelf = found ? found.subject === client.credentials.identity?.subject : name === me.value;
  const may = isSelf ? mayResign(found, room.standing) : mayKick(mine, role) || rolesToGive(mine, role).length > 0;
  return (
    <>
      {role !== "none" && role !== "member" && <span class="role">{roleWord(role)}</span>}
      {may && <button type="button" class="icon-button" aria-label={t("whatToDo", { name })}
        onClick={() => { asked.value = { is: "person", room: room.name, username: name, subject: found?.subject ?? null }; }}><Icon name="more" /></button>}
    </>
  );
}
