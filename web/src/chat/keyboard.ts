/** Every key the page answers to, in one table: the sheet on `?` shows the same rows. */
import { drawer, open, step, togglePeople } from "./place.ts";
import { focusComposer, moveInLog, toPresent } from "./focus.ts";

export interface Command {
  readonly keys: readonly string[];
  readonly does: string;
  /** Only where people prove who they are. */
  readonly isForKnown?: boolean;
  /** Pressed anywhere; the others are only told of, and handled where they apply. */
  readonly matches?: (event: KeyboardEvent, typing: boolean) => boolean;
  readonly run?: () => void;
}

const plain = (event: KeyboardEvent) => !event.ctrlKey && !event.metaKey && !event.altKey;
const alt = (event: KeyboardEvent, key: string, shift: boolean) =>
  event.altKey && !event.ctrlKey && !event.metaKey && event.shiftKey === shift && event.key === key;

export const commands: readonly { readonly title: string; readonly commands: readonly Command[] }[] = [
  {
    title: "Rooms", commands: [
      { keys: ["Ctrl", "K"], does: "Find, join or create a room", run: () => { open.value = "rooms"; },
        matches: (event) => (event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k" },
      { keys: ["Alt", "↓"], does: "Next room", matches: (event) => alt(event, "ArrowDown", false), run: () => step(1) },
      { keys: ["Alt", "↑"], does: "Previous room", matches: (event) => alt(event, "ArrowUp", false), run: () => step(-1) },
      { keys: ["Alt", "Shift", "↓"], does: "Next room with unread messages", matches: (event) => alt(event, "ArrowDown", true), run: () => step(1, true) },
      { keys: ["Alt", "Shift", "↑"], does: "Previous room with unread messages", matches: (event) => alt(event, "ArrowUp", true), run: () => step(-1, true) },
      { keys: ["Alt", "P"], does: "Show or hide the people present", matches: (event) => event.altKey && !event.ctrlKey && event.code === "KeyP", run: togglePeople },
    ],
  },
  {
    title: "Reading", commands: [
      { keys: ["↑"], does: "From an empty message: go to the last message", },
      { keys: ["↑", "↓"], does: "In the log: previous or next message" },
      { keys: ["PageUp", "PageDown"], does: "Scroll by a page", matches: (event) => plain(event) && event.key.startsWith("Page"), run: () => {} },
      { keys: ["Home"], does: "In the log: oldest loaded message" },
      { keys: ["End"], does: "In the log: jump to the present" },
      { keys: ["L"], does: "On a message: copy its link" },
      { keys: ["A"], does: "On a message: show who could have seen it" },
      { keys: ["E"], does: "On a message: erase it, if you may", isForKnown: true },
      { keys: ["Esc"], does: "Jump to the present and the message box", run: () => { toPresent(); focusComposer(); },
        matches: (event) => plain(event) && event.key === "Escape" },
    ],
  },
  {
    title: "Writing", commands: [
      { keys: ["C"], does: "Write a message", matches: (event, typing) => !typing && plain(event) && event.key === "c", run: focusComposer },
      { keys: ["Enter"], does: "Send" },
      { keys: ["Shift", "Enter"], does: "New line" },
      { keys: ["?"], does: "Show this list", run: () => { open.value = "keys"; },
        matches: (event, typing) => !typing && plain(event) && event.key === "?" },
    ],
  },
];

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
