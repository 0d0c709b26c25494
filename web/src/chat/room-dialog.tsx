/** A room: its address, its members and their roles, and what one's role lets one change. */
import { useEffect, useState } from "preact/hooks";
import { isAtLeast, type Role, type Room } from "../../client/index.ts";
import { chatAddress } from "../ui/addresses.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Avatar } from "../ui/person.tsx";
import { shortTime } from "../ui/time.ts";
import { ACCESS_WORDS, ROLE_WORDS, plural } from "../ui/words.ts";
import { Choices, Fault, Text, close, useOrder } from "./order.tsx";
import { asked } from "./place.ts";
import { mayKick, mayResign, rolesToGive } from "./rights.ts";
import { client, roleIn, titleOf, version } from "./session.ts";

const SHOWN = 200;

export function RoomDialog({ room }: { room: Room }) {
  version.value;
  const role = roleIn(room) ?? "none", { rules } = room.standing;
  return (
    <Dialog title={titleOf(room.name)} name="room-settings" onClose={close}>
      <p class="note">{ACCESS_WORDS[rules.access]}{rules.locked && ", locked"}. {rules.topic !== "" && !room.name.startsWith("~") && rules.topic}</p>
      <Address room={room} />
      {isAtLeast(role, "moderator") && <Invite room={room} role={role} />}
      <Members room={room} role={role} />
      {isAtLeast(role, "moderator") && <Changes room={room} role={role} />}
    </Dialog>
  );
}

function Address({ room }: { room: Room }) {
  const [said, setSaid] = useState("");
  const address = chatAddress(room.name);
  const copy = () => navigator.clipboard.writeText(address).then(() => setSaid("Copied."), () => setSaid(address));
  return (
    <section>
      <button type="button" class="quiet" onClick={() => void copy()}>Copy the link to this room</button>
      <p class="note" role="status">{said}{room.standing.rules.access !== "open" && " The link lets in only those who have a role here."}</p>
    </section>
  );
}

function Invite({ room, role }: { room: Room; role: Role }) {
  const [subject, setSubject] = useState("");
  const [given, setGiven] = useState<Role>("member");
  const { fault, isBusy, give } = useOrder();
  const roles = rolesToGive(role, "none").filter((each) => each !== "none" && each !== "banned");
  return (
    <section>
      <h3>Invite</h3>
      <form class="line-form" onSubmit={(event) => {
        event.preventDefault();
        if (subject.trim() !== "") void give(() => room.appoint({ subject: subject.trim() }, given), () => setSubject(""));
      }}>
        <label class="field"><span>Subject</span><input value={subject} placeholder="The sub of their token" autocomplete="off" spellcheck={false}
          onInput={(event) => setSubject(event.currentTarget.value)} /></label>
        <label class="field"><span>As</span><select value={given} onChange={(event) => setGiven(event.currentTarget.value as Role)}>
          {roles.map((each) => <option key={each} value={each}>{ROLE_WORDS[each]}</option>)}
        </select></label>
        <button type="submit" class="quiet" disabled={isBusy}>Invite</button>
      </form>
      <Fault fault={fault} />
    </section>
  );
}

function Members({ room, role }: { room: Room; role: Role }) {
  const { standing } = room, { members } = standing, own = client.credentials.identity?.subject;
  useEffect(() => void room.loadStanding(), []);
  return (
    <section>
      <h3>{plural(members.length, "person with a role", "people with a role")}</h3>
      <ul class="members">
        {members.slice(0, SHOWN).map(({ subject, username, role: has, until }) => {
          const may = subject === own ? mayResign(standing.member(subject), standing)
            : mayKick(role, has as Role) || rolesToGive(role, has as Role).length > 0;
          return (
            <li key={subject}>
              <Avatar name={username} small /><span class="name" title={subject}>{username}</span>
              <span class="role">{ROLE_WORDS[has] ?? has}{until !== null && ` until ${shortTime(until)}`}</span>
              {may && <button type="button" class="quiet" onClick={() => { asked.value = { is: "person", room: room.name, username, subject }; }}>Manage<span class="hidden"> {username}</span></button>}
            </li>
          );
        })}
      </ul>
      {members.length > SHOWN && <p class="note">and {plural(members.length - SHOWN, "other")}</p>}
    </section>
  );
}

function Changes({ room, role }: { room: Room; role: Role }) {
  const { rules } = room.standing;
  const [topic, setTopic] = useState(rules.topic);
  const { fault, isBusy, give } = useOrder();
  const change = (to: Parameters<Room["configure"]>[0]) => void give(() => room.configure(to), () => {});
  return (
    <section>
      <h3>Change the room</h3>
      <form class="line-form" onSubmit={(event) => { event.preventDefault(); change({ topic: topic.trim() }); }}>
        <Text label="Topic" value={topic} onInput={setTopic} />
        <button type="submit" class="quiet" disabled={isBusy}>Set topic</button>
      </form>
      <button type="button" class="quiet" disabled={isBusy} onClick={() => change({ locked: !rules.locked })}>{rules.locked ? "Unlock the room" : "Lock the room"}</button>
      {role === "owner" && <>
        <Choices legend="Who may enter" name="room-access" value={rules.access} onChange={(access) => change({ access })}
          of={[["open", "Everybody"], ["listed", "By invitation"], ["private", "Private"]]} />
        <Choices legend="New members see" name="room-history" value={rules.history} onChange={(history) => change({ history })}
          of={[["all", "All of the history"], ["since_member", "What comes after they joined"]]} />
      </>}
      <Fault fault={fault} />
    </section>
  );
}
