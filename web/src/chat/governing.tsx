/** The dialogs about rooms and roles, in a chunk that comes when the first is asked for. */
import { useEffect, useState } from "preact/hooks";
import { client } from "./session.ts";
import type { Asked } from "./place.ts";

type Dialogs = typeof import("./governing-dialogs.tsx");

export function Governing({ asked }: { asked: Asked }) {
  const [dialogs, setDialogs] = useState<Dialogs | null>(null);
  useEffect(() => {
    // A page open since before a deploy asks for a chunk that is no more: the new page has it.
    import("./governing-dialogs.tsx").then(setDialogs, () => location.reload());
  }, []);
  const room = asked.is === "create" ? undefined : client.rooms.get(asked.room);
  if (dialogs === null) return null;
  if (asked.is === "create") return <dialogs.CreateDialog name={asked.name} />;
  if (!room) return null;
  switch (asked.is) {
    case "room": return <dialogs.RoomDialog room={room} />;
    case "person": return <dialogs.PersonDialog room={room} whom={asked} />;
    case "redact": return <dialogs.RedactDialog room={room} seq={asked.seq} />;
  }
}
