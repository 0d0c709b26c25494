/** What one may do about a person in a room: exactly what one's role allows. */
import { useState } from "preact/hooks";
import type { Role, Room, Whom } from "../../client/index.ts";
import { Dialog } from "../ui/dialog.tsx";
import { shortTime } from "../ui/time.ts";
import { ROLE_WORDS } from "../ui/words.ts";
import { Fault, Text, close, useOrder } from "./order.tsx";
import { mayKick, mayMute, mayResign, rolesToGive } from "./rights.ts";
import { client, me, roleIn, version } from "./session.ts";

const HOUR_SECONDS = 3_600;
const BANS: readonly [number, string][] = [[0, "For good"], [HOUR_SECONDS, "For an hour"], [24 * HOUR_SECONDS, "For a day"], [7 * 24 * HOUR_SECONDS, "For a week"]];

function untilIn(seconds: number): { until?: string } {
  return seconds === 0 ? {} : { until: new Date(Date.now() + 1000 * seconds).toISOString() };
}

export function PersonDialog({ room, whom }: { room: Room; whom: { readonly username: string; readonly subject: string | null } }) {
  version.value;
  const { standing } = room;
  const found = whom.subject === null ? standing.named(whom.username) : standing.member(whom.subject);
  const target = (found?.role ?? "none") as Role, isOpen = standing.rules.access === "open";
  const actor = roleIn(room) ?? "none";
  const isSelf = whom.username === me.value || whom.subject === client.credentials.identity?.subject;
  const about: Whom = found ? { subject: found.subject } : whom.subject !== null ? { subject: whom.subject } : { username: whom.username };
  const roles = rolesToGive(actor, target).filter((role) => role !== "banned" && role !== target);
  const [reason, setReason] = useState("");
  const [role, setRole] = useState<Role | null>(null);
  const [seconds, setSeconds] = useState(0);
  const { fault, isBusy, give } = useOrder();
  const why = reason.trim() === "" ? {} : { reason: reason.trim() };
  const appoint = (to: Role, more: object = {}) => void give(() => room.appoint(about, to, { ...why, ...more }));
  const chosen = role !== null && roles.includes(role) ? role : roles[0];
  const others = !isSelf && (mayKick(actor, target) || roles.length > 0);
  return (
    <Dialog title={whom.username} name="person" onClose={close}>
      <p class="note">{ROLE_WORDS[target === "none" && isOpen ? "member" : target]}{found?.until ? ` until ${shortTime(found.until)}` : ""} in this room.</p>
      <Fault fault={fault} />
      {isSelf && mayResign(found, standing) && <button type="button" class="quiet" disabled={isBusy} onClick={() => appoint("none")}>Give up my role</button>}
      {others && <>
        <Text label="Reason" value={reason} onInput={setReason} help="Optional; everybody in the room sees it." />
        {chosen !== undefined && (
          <form class="line-form" onSubmit={(event) => { event.preventDefault(); appoint(chosen); }}>
            <label class="field"><span>Role</span>
              <select value={chosen} onChange={(event) => setRole(event.currentTarget.value as Role)}>
                {roles.map((each) => <option key={each} value={each}>{ROLE_WORDS[each]}</option>)}
              </select></label>
            <button type="submit" class="quiet" disabled={isBusy}>Give this role</button>
          </form>
        )}
        {rolesToGive(actor, target).includes("banned") && (
          <form class="line-form" onSubmit={(event) => { event.preventDefault(); appoint("banned", untilIn(seconds)); }}>
            <label class="field"><span>Ban</span>
              <select value={seconds} onChange={(event) => setSeconds(Number(event.currentTarget.value))}>
                {BANS.map(([each, label]) => <option key={each} value={each}>{label}</option>)}
              </select></label>
            <button type="submit" class="quiet danger" disabled={isBusy}>Ban</button>
          </form>
        )}
        <div class="buttons">
          {mayMute(actor, target, isOpen) && <button type="button" class="quiet" disabled={isBusy} onClick={() => appoint("reader", untilIn(HOUR_SECONDS))}>Mute for an hour</button>}
          {mayKick(actor, target) && <button type="button" class="quiet" disabled={isBusy}
            onClick={() => void give(() => room.kick(about, reason.trim()))}>Kick</button>}
        </div>
      </>}
    </Dialog>
  );
}
