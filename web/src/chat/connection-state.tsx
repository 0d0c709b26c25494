/** The state of the connection, with a countdown to the next attempt. */
import { useEffect, useState } from "preact/hooks";
import { t } from "../ui/words.ts";
import { client, version } from "./session.ts";

export function ConnectionState() {
  version.value;
  const state = client.connection;
  const seconds = useSecondsUntil(state.is === "waiting" ? state.until : null);
  const [tone, text] = ((): [string, string] => {
    switch (state.is) {
      case "open": return [...client.rooms.values()].some((room) => room.state.is === "joining") ? ["busy", t("catchingUp")] : ["good", t("connected")];
      case "connecting": return ["busy", t(state.attempt > 0 ? "reconnecting" : "connecting")];
      case "waiting": return ["bad", seconds > 0 ? t("reconnectingIn", { count: seconds }) : t("reconnecting")];
      case "refused": return ["bad", t(state.code === 4401 ? "signedOut" : "connectionRefused")];
      default: return ["bad", t("notConnected")];
    }
  })();
  return (
    <p class={`connection ${tone}`}>
      <span class="dot" aria-hidden="true" />
      {/* The seconds count down for the eye; a screen reader hears only that it is reconnecting. */}
      <span aria-hidden={state.is === "waiting"}>{text}</span>
      <span class="hidden" role="status">{state.is === "waiting" ? t("connectionLost") : text}</span>
      {(state.is === "waiting" || state.is === "refused") &&
        <button type="button" class="link" onClick={() => (state.is === "refused" ? client.start() : client.wake())}>{t("tryNow")}</button>}
    </p>
  );
}

function useSecondsUntil(until: number | null): number {
  const [now, setNow] = useState(Date.now());
  useEffect(() => {
    if (until === null) return;
    setNow(Date.now());
    const timer = setInterval(() => setNow(Date.now()), 250);
    return () => clearInterval(timer);
  }, [until]);
  return until === null ? 0 : Math.max(0, Math.ceil((until - now) / 1000));
}
