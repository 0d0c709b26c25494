/** Every key the page answers to, in one table: the sheet on `?` shows the same rows. */
import { onlyRoom } from "../ui/addresses.ts";
import type { Key } from "../ui/words.ts";
import { drawer, open, step, togglePeople } from "./place.ts";
import { focusComposer, moveInLog, toPresent } from "./focus.ts";

export interface Command {
  readonly keys: readonly string[];
  readonly does: Key;
  /** Only where people prove who they are. */
  readonly isForKnown?: boolean;
  /** Not in a page of one room. */
  readonly isForRooms?: boolean;
  /** Pressed anywhere; the others are only told of, and handled where they apply. */
  readonly matches?: (event: KeyboardEvent, typing: boolean) => boolean;
  readonly run?: () => void;
}

const plain = (event: KeyboardEvent) => !event.ctrlKey && !event.metaKey && !event.altKey;
const alt = (event: KeyboardEvent, key: string, shift: boolean) =>
  event.altKey && !event.ctrlKey && !event.metaKey && event.shiftKey === shift && event.key === key;

const all: readonly { readonly title: Key; readonly commands: readonly Command[] }[] = [
  {
    title: "rooms", commands: [
      { keys: ["Ctrl", "K"], does: "keyFind", isForRooms: true, run: () => { open.value = "rooms"; },
        matches: (event) => (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k" },
      { keys: ["Alt", "↓"], does: "keyNextRoom", isForRooms: true, matches: (event) => alt(event, "ArrowDown", false), run: () => step(1) },
      { keys: ["Alt", "↑"], does: "keyPreviousRoom", isForRooms: true, matches: (event) => alt(event, "ArrowUp", false), run: () => step(-1) },
      { keys: ["Alt", "Shift", "↓"], does: "keyNextUnread", isForRooms: true, matches: (event) => alt(event, "ArrowDown", true), run: () => step(1, true) },
      { keys: ["Alt", "Shift", "↑"], does: "keyPreviousUnread", isForRooms: true, matches: (event) => alt(event, "ArrowUp", true), run: () => step(-1, true) },
      { keys: ["Alt", "P"], does: "keyPeople", matches: (event) => event.altKey && !event.ctrlKey && event.code === "KeyP", run: togglePeople },
    ],
  },
  {
    title: "reading", commands: [
      { keys: ["↑"], does: "keyLastMessage", },
      { keys: ["↑", "↓"], does: "keyMessages" },
      { keys: ["PageUp", "PageDown"], does: "keyScroll", matches: (event) => plain(event) && event.key.startsWith("Page"), run: () => {} },
      { keys: ["Home"], does: "keyOldest" },
      { keys: ["End"], does: "keyPresent" },
      { keys: ["L"], does: "keyCopyLink", isForRooms: true },
      { keys: ["A"], does: "keyWitnesses", isForRooms: true },
      { keys: ["E"], does: "keyErase", isForKnown: true },
      { keys: ["Esc"], does: "keyToPresent", run: () => { toPresent(); focusComposer(); },
        matches: (event) => plain(event) && event.key === "Escape" },
    ],
  },
  {
    title: "writing", commands: [
      { keys: ["C"], does: "keyWrite", matches: (event, typing) => !typing && plain(event) && event.key === "c", run: focusComposer },
      { keys: ["Enter"], does: "send" },
      { keys: ["Shift", "Enter"], does: "keyNewLine" },
      { keys: ["?"], does: "keyList", run: () => { open.value = "keys"; },
        matches: (event, typing) => !typing && plain(event) && event.key === "?" },
    ],
  },
];

/** Those that do something in this page. */
export const commands = all.map(({ title, commands }) =>
  ({ title, commands: commands.filter(({ isForRooms = false }) => !isForRooms || onlyRoom === null) }));

export function listenToKeys(): void {
  addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (event.key === "Escape" && drawer.value) {
      drawer.value = null;
      return;
    }
    if (open.value !== null || document.querySelector("dialog[open]")) return; // the dialog has the keys
    const typing = event.target instanceof HTMLElement && event.target.matches("input, textarea, select");
    if (plain(event) && moveInLog(event)) return event.preventDefault();
    const command = commands.flatMap((group) => group.commands).find(({ matches }) => matches?.(event, typing));
    if (!command?.run || event.key.startsWith("Page")) return;
    event.preventDefault();
    command.run();
  });
}
