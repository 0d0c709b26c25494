/** The verification badge: this browser's verdict, or why it has none. */
import { Icon } from "../ui/icons.tsx";
import { number, plural } from "../ui/words.ts";
import { check, verdict } from "./chain.ts";
import { head } from "./room-log.ts";
import { room, seq } from "./view.ts";

export function Badge() {
  const state = verdict.value;
  if (room.value === null || head.value === 0) return null;
  const again = () => void check(room.value!);
  switch (state.is) {
    case "unchecked":
      return <button type="button" class="verdict" onClick={again}>Verify the chain</button>;
    case "checking":
      return <span class="verdict checking" role="status">Verifying… {Math.floor((100 * state.seq) / Math.max(head.value, state.seq, 1))} %</span>;
    case "whole":
      return (
        <button type="button" class="verdict whole" onClick={again}
          title={`${plural(state.seq, "event")} in an unbroken chain, up to the hash ${state.hash}. Computed in this browser; click to verify again.`}>
          <Icon name="check" /><span>Verified<span class="more">, {plural(state.seq, "event")}</span></span>
        </button>
      );
    case "broken":
      return (
        <button type="button" class="verdict broken" title="Show this event" onClick={() => { seq.value = state.fault.seq; }}>
          <Icon name="warning" /><span>Broken at seq {number.format(state.fault.seq)}<span class="more">: {state.fault.what}</span></span>
        </button>
      );
    default:
      return <button type="button" class="verdict" title={`${state.why} Click to retry.`} onClick={again}><Icon name="warning" />Not verified</button>;
  }
}
