/**
 * Where messages are written.
 *
 * A draft a room is kept from key to key. Enter sends, but never while an input method is
 * composing, and not on a touch screen, whose keyboard has no Shift+Enter.
 */
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import type { Room } from "../../client/index.ts";
import { Icon } from "../ui/icons.tsx";
import { remember, storage } from "../ui/storage.ts";
import { isEmbedded } from "../ui/token.ts";
import { t } from "../ui/words.ts";
import { focusLastMessage, toPresent } from "./focus.ts";
import { titleOf, version } from "./session.ts";
import { COUNT_FROM_BYTES, MESSAGE_BYTES, byteLength, cleaned } from "./limits.ts";

const touch = matchMedia("(pointer: coarse)");

export function Composer({ room }: { room: Room }) {
  version.value; // the title may be a topic
  const [text, setText] = useState(() => storage.get(`draft:${room.name}`) ?? "");
  const box = useRef<HTMLTextAreaElement>(null);
  const bytes = byteLength(cleaned(text));
  const left = MESSAGE_BYTES - bytes;
  const label = t("messageIn", { room: titleOf(room.name) });

  // A frame takes the focus from the page around it only if it was in the frame before.
  useLayoutEffect(() => { if (!touch.matches && (!isEmbedded || document.hasFocus())) box.current?.focus({ preventScroll: true }); }, [room]);
  useLayoutEffect(() => {
    const area = box.current!;
    area.style.height = "auto"; // grows with its text, to a limit that the style sheet sets
    area.style.height = `${area.scrollHeight}px`;
  }, [text]);

  const write = (value: string) => {
    setText(value);
    if (value === "") storage.remove(`draft:${room.name}`);
    else remember(`draft:${room.name}`, value);
  };
  const send = () => {
    const message = cleaned(box.current!.value); // what is there now, drawn or not
    if (message.trim() === "" || byteLength(message) > MESSAGE_BYTES) return;
    write("");
    room.send(message);
    toPresent();
    box.current?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    // 229: Safari ends a composition with an Enter that no longer says it is composing.
    if (event.isComposing || event.keyCode === 229) return;
    if (event.key === "Enter" && !event.shiftKey && !event.altKey && !touch.matches) {
      event.preventDefault();
      send();
    } else if (event.key === "ArrowUp" && text === "" && !event.altKey && focusLastMessage()) event.preventDefault();
  };

  return (
    <form class={`composer${left < 0 ? " over" : ""}`} onSubmit={(event) => { event.preventDefault(); send(); }}>
      <textarea id="composer" ref={box} rows={1} value={text} placeholder={label} aria-label={label}
        aria-describedby="composer-count" aria-invalid={left < 0} enterkeyhint={touch.matches ? "enter" : "send"}
        onInput={(event) => write(event.currentTarget.value)} onKeyDown={onKeyDown} />
      <span id="composer-count" class="count" role="status">
        {bytes < COUNT_FROM_BYTES ? null
          : left < 0 ? t("bytesTooLong", { count: -left }) : t("bytesLeft", { count: left })}
      </span>
      <button type="submit" class="send" aria-label={t("send")} title={t("sendByEnter")} disabled={text.trim() === "" || left < 0}><Icon name="send" /></button>
    </form>
  );
}
