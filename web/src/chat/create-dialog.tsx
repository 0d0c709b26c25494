/** Creating a room: who may enter it, what they see, what it is about. */
import { useMemo, useState } from "preact/hooks";
import { Dialog } from "../ui/dialog.tsx";
import { roomFault, tidy } from "./limits.ts";
import { Choices, Fault, Text, close, useOrder } from "./order.tsx";
import { goTo } from "./place.ts";
import { client } from "./session.ts";

type Access = "open" | "listed" | "private";
const HELP: Record<Access, string> = {
  open: "Everybody who is signed in may enter.",
  listed: "Everybody sees its name and topic; only those you invite may enter.",
  private: "Nobody knows of it but those you invite. The server gives it an address; its topic is its name.",
};

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
    <Dialog title="Create a room" name="create" onClose={close}>
      <form noValidate onSubmit={(event) => {
        event.preventDefault();
        setTried(true);
        if (wrong === null) void give(create);
      }}>
        <Choices legend="Who may enter" name="access" value={access} onChange={setAccess}
          of={[["open", "Everybody"], ["listed", "By invitation"], ["private", "Private"]]} />
        <p class="note">{HELP[access]}</p>
        {access !== "private" && <Text label="Name" first value={name} onInput={setName} help={tried && wrong ? <span class="fault" role="alert">{wrong}</span> : ""} />}
        <Text label="Topic" value={topic} onInput={setTopic} />
        <Choices legend="New members see" name="history" value={history} onChange={setHistory}
          of={[["all", "All of the history"], ["since_member", "What comes after they joined"]]} />
        <Fault fault={fault} />
        <div class="buttons"><button class="primary" type="submit" disabled={isBusy}>Create</button></div>
      </form>
    </Dialog>
  );
}
