/** Erasing the words of a message, with a reason. */
import { useState } from "preact/hooks";
import type { Room } from "../../client/index.ts";
import { Dialog } from "../ui/dialog.tsx";
import { t } from "../ui/words.ts";
import { Fault, Text, close, useOrder } from "./order.tsx";

export function RedactDialog({ room, seq }: { room: Room; seq: number }) {
  const [reason, setReason] = useState("");
  const { fault, isBusy, give } = useOrder();
  return (
    <Dialog title={t("eraseMessage")} name="redact" onClose={close}>
      <form onSubmit={(event) => {
        event.preventDefault();
        void give(() => room.redact([seq], reason.trim()));
      }}>
        <p class="note">{t("eraseHelp")}</p>
        <Text label={t("reason")} first value={reason} onInput={setReason} help={t("reasonAudited")} />
        <Fault fault={fault} />
        <div class="buttons"><button type="button" class="quiet" onClick={close}>{t("keepIt")}</button><button class="primary" type="submit" disabled={isBusy}>{t("erase")}</button></div>
      </form>
    </Dialog>
  );
}
