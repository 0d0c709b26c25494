/** Keys of the time machine: ← → by one event, with Shift by ten, Space plays, Esc closes. */
import { firstSeq, lastSeq, moment } from "./room-log.ts";
import { go, playing, togglePlay } from "./transport.tsx";
import { looking, witnesses } from "./view.ts";
import { closeLooks } from "./who-looked.tsx";

export function listenToKeys(): () => void {
  const listen = (event: KeyboardEvent) => {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
    const target = event.target as HTMLElement;
    if (event.key === "Escape" && witnesses.value !== null) witnesses.value = null;
    else if (event.key === "Escape" && looking.value) closeLooks();
    else if (target.matches("input:not([type=range]), select, summary")) return;
    else if (event.key === "ArrowLeft" || event.key === "ArrowRight") {
      playing.value = false;
      go(moment.value + (event.key === "ArrowLeft" ? -1 : 1) * (event.shiftKey ? 10 : 1));
    } else if (event.key === "Home" || event.key === "End") go(event.key === "Home" ? firstSeq.value : lastSeq.value);
    else if (event.key === " " && !target.matches("button, a")) togglePlay();
    else return;
    event.preventDefault();
  };
  addEventListener("keydown", listen);
  return () => removeEventListener("keydown", listen);
}
