/** Creating a room: who may enter it, what they see, what it is about. */
import { useMemo, useState } from "preact/hooks";
import { Dialog } from "../ui/dialog.tsx";
import { t, type Key } from "../ui/words.ts";
import { roomFault, tidy } from "./limits.ts";
import { Choices, Fault, Text, accessChoices, close, historyChoices, useOrder } from "./order.tsx";
import { goTo } from "./place.ts";
import { client } from "./session.ts";

type Access = "open" | "listed" | "private";
const HELP: Record<Access, Key> = { open: "openHelp", listed: "listedHelp", private: "privateHelp" };

export function CreateDialog({ name: first }: { name: string }) {
  const [name, setName] = useState(first);
  const [topic, setTopic] = useState("");
  const [access, setAccess] = useState<Access>("open");
  const [history, setHistory] = useState<"all" | "since_member">("all");
  const [tried, setTried] = useState(false);
  const { fault, isBusy, give } = useOrder();
  const id = useMemo(() => client.newId(), [access, name, topic, history]); // the same room, however often one tries
  const wrong = access === "private" ? null : roomFault(tidy(name));
  const create = async () => {
    const made = await client.create({ ...(access !== "private" && { room: tidy(name) }), access, history, topic: topic.trim() }, id);
    close();
    goTo(made);
  };
  return (
    <Dialog title={t("createRoom")} name="create" onClose={close}>
      <form noValidate onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (wrong === null) void give(create);
      }}>
        <Choices legend={t("whoMayEnter")} name="access" value={access} onChange={setAccess}
          of={accessChoices()} />
        <p class="note">{t(HELP[access])}</p>
        {access !== "private" && <Text label={t("name")} first value={name} onInput={setName} help={tried && wrong ? <span class="fault" role="alert">{wrong}</span> : ""} />}
        <Text label={t("topic")} value={topic} onInput={setTopic} />
        <Choices legend={t("newMembersSee")} name="history" value={history} onChange={setHistory}
          of={historyChoices()} />
        <Fault fault={fault} />
        <div class="buttons"><button class="primary" type="submit" disabled={isBusy}>{t("create")}</button></div>
      </form>
    </Dialog>
  );
}
