/** What one may do about a person in a room: exactly what one's role allows. */
import { useState } from "preact/hooks";
import type { Role, Room, Whom } from "../../client/index.ts";
import { Dialog } from "../ui/dialog.tsx";
import { shortTime } from "../ui/time.ts";
import { roleWord, t, type Key } from "../ui/words.ts";
import { Fault, Text, close, useOrder } from "./order.tsx";
import { mayKick, mayMute, mayResign, rolesToGive } from "./rights.ts";
import { client, me, roleIn, version } from "./session.ts";

const HOUR_SECONDS = 3_600;
const BANS: readonly [number, Key][] = [[0, "forGood"], [HOUR_SECONDS, "forAnHour"], [24 * HOUR_SECONDS, "forADay"], [7 * 24 * HOUR_SECONDS, "forAWeek"]];

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
  const has = roleWord(target === "none" && isOpen ? "member" : target);
  const others = !isSelf && (mayKick(actor, target) || roles.length > 0);
  return (
    <Dialog title={whom.username} name="person" onClose={close}>
      <p class="note">{found?.until ? t("roleHereUntil", { role: has, time: shortTime(found.until) }) : t("roleHere", { role: has })}</p>
      <Fault fault={fault} />
      {isSelf && mayResign(found, standing) && <button type="button" class="quiet" disabled={isBusy} onClick={() => appoint("none")}>{t("giveUpRole")}</button>}
      {others && <>
        <Text label={t("reason")} value={reason} onInput={setReason} help={t("reasonSeen")} />
        {chosen !== undefined && (
          <form class="line-form" onSubmit={(event) => { event.preventDefault(); appoint(chosen); }}>
            <label class="field"><span>{t("role")}</span>
              <select value={chosen} onChange={(event) => setRole(event.currentTarget.value as Role)}>
                {roles.map((each) => <option key={each} value={each}>{roleWord(each)}</option>)}
              </select></label>
            <button type="submit" class="quiet" disabled={isBusy}>{t("giveRole")}</button>
          </form>
        )}
        {rolesToGive(actor, target).includes("banned") && (
          <form class="line-form" onSubmit={(event) => { event.preventDefault(); appoint("banned", untilIn(seconds)); }}>
            <label class="field"><span>{t("ban")}</span>
              <select value={seconds} onChange={(event) => setSeconds(Number(event.currentTarget.value))}>
                {BANS.map(([each, label]) => <option key={each} value={each}>{t(label)}</option>)}
              </select></label>
            <button type="submit" class="quiet danger" disabled={isBusy}>{t("ban")}</button>
          </form>
        )}
        <div class="buttons">
          {mayMute(actor, target, isOpen) && <button type="button" class="quiet" disabled={isBusy} onClick={() => appoint("reader", untilIn(HOUR_SECONDS))}>{t("muteAnHour")}</button>}
          {mayKick(actor, target) && <button type="button" class="quiet" disabled={isBusy}
            onClick={() => void give(() => room.kick(about, reason.trim()))}>{t("kick")}</button>}
        </div>
      </>}
    </Dialog>
  );
}
