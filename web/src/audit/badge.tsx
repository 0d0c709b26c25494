/** The verification badge: this browser's verdict, or why it has none. */
import { Icon } from "../ui/icons.tsx";
import { t } from "../ui/words.ts";
import { check, verdict } from "./chain.ts";
import { head } from "./room-log.ts";
import { room, seq } from "./view.ts";

export function Badge() {
  const state = verdict.value;
  if (room.value === null || head.value === 0) return null;
  const again = () => void check(room.value!);
  switch (state.is) {
    case "unchecked":
      return <button type="button" class="verdict" onClick={again}>{t("verifyChain")}</button>;
    case "checking":
      return <span class="verdict checking" role="status">{t("verifying", { count: Math.floor((100 * state.seq) / Math.max(head.value, state.seq, 1)) })}</span>;
    case "whole":
      return (
        <button type="button" class="verdict whole" onClick={again}
          title={t("unbroken", { count: state.seq, hash: state.hash })}>
          <Icon name="check" /><span>{t("verified")}<span class="more">{t("verifiedMore", { count: state.seq })}</span></span>
        </button>
      );
    case "broken":
      return (
        <button type="button" class="verdict broken" title={t("showThisEvent")} onClick={() => { seq.value = state.fault.seq; }}>
          <Icon name="warning" /><span>{t("brokenAt", { seq: state.fault.seq })}<span class="more">: {state.fault.what}</span></span>
        </button>
      );
    default:
      return <button type="button" class="verdict" title={t("clickToRetry", { why: state.why })} onClick={again}><Icon name="warning" />{t("notVerified")}</button>;
  }
}
