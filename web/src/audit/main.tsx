/** The time machine: a room's log, and the room as it was at any of its events. */
import { computed, effect } from "@preact/signals";
import { render } from "preact";
import { api } from "../ui/addresses.ts";
import { listRooms } from "../ui/http.ts";
import { handOverToken } from "../ui/hand-over.ts";
import { identity, learn, watchEnd } from "../ui/identity.ts";
import { SignIn, Unreachable } from "../ui/sign-in.tsx";
import { title } from "../ui/title.ts";
import { roomTitle, t } from "../ui/words.ts";
import { App, ForAuditors } from "./app.tsx";
import { check, forget } from "./chain.ts";
import { fault, head, load, rooms } from "./room-log.ts";
import { keepAddress, room } from "./view.ts";

/** Rooms up to this length are checked without being asked: it takes a second or two. */
const CHECK_EVENTS = 20_000;

/** Who looks at the past: the subject, empty in open mode, null for whoever may not. */
const auditor = computed(() => {
  const state = identity.value;
  if (state.is === "open") return "";
  return state.is === "in" && state.who.scope.some((word) => word === "audit" || word === "admin") ? state.who.subject : null;
});

effect(() => {
  if (auditor.value === null) return;
  listRooms((after) => api("rooms", { after, limit: 100 })).then(
    (found) => {
      rooms.value = found;
      room.value ??= found.toSorted((a, b) => (b.last_at ?? "").localeCompare(a.last_at ?? ""))[0]?.room ?? null;
    },
    (error: Error) => {
      rooms.value = [];
      if (room.value === null) fault.value = error.message;
    });
});

effect(() => {
  const name = room.value;
  if (auditor.value === null) return;
  forget();
  if (name === null) return;
  document.title = `${roomTitle(name)} · ${t("timeMachine")} · ${title}`;
  void load(name, true).then(() => {
    if (room.value === name && head.value > 0 && head.value <= CHECK_EVENTS) void check(name);
  });
});

function Page() {
  const state = identity.value;
  switch (state.is) {
    case "asking": return null;
    case "out": return <SignIn why={state.fault} />;
    case "unreachable": return <Unreachable why={state.fault} />;
    default: return auditor.value === null ? <ForAuditors /> : <App />;
  }
}

watchEnd();
keepAddress();
render(<Page />, document.getElementById("app")!);
handOverToken();
void learn();
