/** The people present, each once however many tabs they have. */
import type { Room } from "../../client/index.ts";
import { Icon } from "../ui/icons.tsx";
import { Avatar } from "../ui/person.tsx";
import { number, plural } from "../ui/words.ts";
import { drawer } from "./place.ts";
import { me, version } from "./session.ts";

/** More names than this are a number: nobody reads them, and each is a node in the page. */
const SHOWN = 200;

export function People({ room }: { room: Room }) {
  version.value;
  const { names, count } = room.roster;
  const stale = room.state.is !== "live" && count > 0;
  const shown = names.slice(0, SHOWN);
  return (
    <aside class={`people${stale ? " stale" : ""}`} aria-label="People present">
      <header>
        <h2>Present <span class="count">{number.format(count)}</span></h2>
        <button type="button" class="icon-button only-narrow" aria-label="Close people" onClick={() => { drawer.value = null; }}><Icon name="close" /></button>
      </header>
      {stale && <p class="note">As of the last connection.</p>}
      <ul>
        {shown.map((name) => (
          <li key={name}><Avatar name={name} small /><span class="name" title={name}>{name}</span>{name === me.value && <span class="you">you</span>}</li>
        ))}
      </ul>
      {count > shown.length && <p class="note">and {plural(count - shown.length, "other")}</p>}
    </aside>
  );
}
