/** A room: its address, its members and their roles, and what one's role lets one change. */
import type { ComponentChild } from "preact";
import { useEffect, useState } from "preact/hooks";
import { isAtLeast, type Role, type Room } from "../../client/index.ts";
import { chatAddress } from "../ui/addresses.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Avatar } from "../ui/person.tsx";
import { shortTime } from "../ui/time.ts";
import { accessWord, parts, roleWord, t } from "../ui/words.ts";
import { Choices, Fault, Text, accessChoices, close, historyChoices, useOrder } from "./order.tsx";
import { asked } from "./place.ts";
import { mayKick, mayResign, rolesToGive } from "./rights.ts";
import { client, roleIn, titleOf, version } from "./session.ts";

const SHOWN = 200;

export function RoomDialog({ room }: { room: Room }) {
  version.value;
  const role = roleIn(room) ?? "none", { rules } = room.standing;
  return (
    <Dialog title={titleOf(room.name)} name="room-settings" onClose={close}>
      <p class="note">{t(rules.locked ? "roomIsLocked" : "roomIs", { access: accessWord(rules.access) })} {rules.topic !== "" && !room.name.startsWith("~") && rules.topic}</p>
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
  const copy = () => navigator.clipboard.writeText(address).then(() => setSaid(t("copied")), () => setSaid(address));
  return (
    <section>
      <button type="button" class="quiet" onClick={() => void copy()}>{t("copyRoomLink")}</button>
      <p class="note" role="status">{said}{room.standing.rules.access !== "open" && ` ${t("linkLetsIn")}`}</p>
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
      <h3>{t("invite")}</h3>
      <form class="line-form" onSubmit={(event) => {
        event.preventDefault();
        if (subject.trim() !== "") void give(() => room.appoint({ subject: subject.trim() }, given), () => setSubject(""));
      }}>
        <label class="field"><span>{t("subject")}</span><input value={subject} placeholder={t("subjectHint")} autocomplete="off" spellcheck={false}
          onInput={(event) => setSubject(event.currentTarget.value)} /></label>
        <label class="field"><span>{t("asRole")}</span><select value={given} onChange={(event) => setGiven(event.currentTarget.value as Role)}>
          {roles.map((each) => <option key={each} value={each}>{roleWord(each)}</option>)}
        </select></label>
        <button type="submit" class="quiet" disabled={isBusy}>{t("invite")}</button>
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
      <h3>{t("peopleWithRole", { count: members.length })}</h3>
      <ul class="members">
        {members.slice(0, SHOWN).map(({ subject, username, role: has, until }) => {
          const may = subject === own ? mayResign(standing.member(subject), standing)
            : mayKick(role, has as Role) || rolesToGive(role, has as Role).length > 0;
          return (
            <li key={subject}>
              <Avatar name={username} small /><span class="name" title={subject}>{username}</span>
              <span class="role">{until === null ? roleWord(has) : t("textUntil", { text: roleWord(has), time: shortTime(until) })}</span>
              {may && <button type="button" class="quiet" onClick={() => { asked.value = { is: "person", room: room.name, username, subject }; }}>{parts<ComponentChild>("manage", { name: <span class="hidden">{username}</span> })}</button>}
            </li>
          );
        })}
      </ul>
      {members.length > SHOWN && <p class="note">{t("andOthers", { count: members.length - SHOWN })}</p>}
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
      <h3>{t("changeRoom")}</h3>
      <form class="line-form" onSubmit={(event) => { event.preventDefault(); change({ topic: topic.trim() }); }}>
        <Text label={t("topic")} value={topic} onInput={setTopic} />
        <button type="submit" class="quiet" disabled={isBusy}>{t("setTopic")}</button>
      </form>
      <button type="button" class="quiet" disabled={isBusy} onClick={() => change({ locked: !rules.locked })}>{t(rules.locked ? "unlockRoom" : "lockRoom")}</button>
      {role === "owner" && <>
        <Choices legend={t("whoMayEnter")} name="room-access" value={rules.access} onChange={(access) => change({ access })}
          of={accessChoices()} />
        <Choices legend={t("newMembersSee")} name="room-history" value={rules.history} onChange={(history) => change({ history })}
          of={historyChoices()} />
      </>}
      <Fault fault={fault} />
    </section>
  );
}
