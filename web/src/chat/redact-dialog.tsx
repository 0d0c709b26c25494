/** Erasing the words of a message, with a reason. */
import { useState } from "preact/hooks";
import type { Room } from "../../client/index.ts";
import { Dialog } from "../ui/dialog.tsx";
import { Fault, Text, close, useOrder } from "./order.tsx";

export function RedactDialog({ room, seq }: { room: Room; seq: number }) {
  const [reason, setReason] = useState("");
  const { fault, isBusy, give } = useOrder();
  return (
    <Dialog title="Erase this message" name="redact" onClose={close}>
      <form onSubmit={(event) => {
        event.preventDefault();
        void give(() => room.redact([seq], reason.trim()));
      }}>
        <p class="note">Its words are erased for everybody and for good. That it was there stays in the log.</p>
        <Text label="Reason" first value={reason} onInput={setReason} help="Optional; only auditors see it." />
        <Fault fault={fault} />
        <div class="buttons"><button type="button" class="quiet" onClick={close}>Keep it</button><button class="primary" type="submit" disabled={isBusy}>Erase</button></div>
      </form>
    </Dialog>
  );
}
