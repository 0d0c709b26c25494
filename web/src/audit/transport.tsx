/** The time controls: a slider over the events, play, speed. */
import { signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { Icon } from "../ui/icons.tsx";
import { exactTime, clockTime, dayName } from "../ui/time.ts";
import { number, t } from "../ui/words.ts";
import { eventAt, firstSeq, lastSeq, load, moment } from "./room-log.ts";
import { room, seq } from "./view.ts";

/** Events a second. */
const SPEEDS = [2, 10, 50, 250];
export const playing = signal(false);
const speed = signal(10);

export function go(to: number): void {
  const inside = Math.max(firstSeq.value, Math.min(to, lastSeq.value));
  seq.value = inside === lastSeq.value ? null : inside;
}

export function togglePlay(): void {
  if (!playing.value && seq.value === null) seq.value = firstSeq.value; // from the end, begin again
  playing.value = !playing.value;
}

export function Transport() {
  usePlay();
  const event = eventAt(moment.value);
  const at = event?.at ?? new Date(0).toISOString();
  return (
    <section class="transport" aria-label={t("time")}>
      <button type="button" class="play" aria-label={t(playing.value ? "pause" : "play")} title={t("space")} onClick={togglePlay}><Icon name={playing.value ? "pause" : "play"} /></button>
      <select aria-label={t("speed")} value={String(speed.value)} onChange={(change) => { speed.value = Number(change.currentTarget.value); }}>
        {SPEEDS.map((each) => <option key={each} value={String(each)}>{t("perSecond", { count: each })}</option>)}
      </select>
      <button type="button" class="icon-button" aria-label={t("previousEvent")} title="←" onClick={() => go(moment.value - 1)}><span class="flip"><Icon name="play" /></span></button>
      <input type="range" class="slider" aria-label={t("event")} min={firstSeq.value} max={lastSeq.value} value={moment.value}
        aria-valuetext={t("eventOf", { seq: String(moment.value), last: String(lastSeq.value), time: exactTime(at) })}
        onInput={(change) => { playing.value = false; go(Number(change.currentTarget.value)); }} />
      <button type="button" class="icon-button" aria-label={t("nextEvent")} title="→" onClick={() => go(moment.value + 1)}><Icon name="play" /></button>
      <p class="moment" title={exactTime(at)}><b>{number.format(moment.value)}</b> <span>{t("ofLast", { last: lastSeq.value })}</span>
        <time dateTime={at}>{dayName(at)}, {clockTime(at)}</time></p>
      <button type="button" class="quiet" onClick={() => { seq.value = null; void load(room.value!, false); }}>{t("toNow")}</button>
    </section>
  );
}

function usePlay(): void {
  useEffect(() => {
    if (!playing.value) return;
    let frame = 0, last = performance.now(), owed = 0;
    const tick = (now: number) => {
      owed += ((now - last) / 1000) * speed.value;
      last = now;
      const steps = Math.floor(owed);
      owed -= steps;
      if (steps > 0) go(moment.value + steps);
      if (moment.value >= lastSeq.value) playing.value = false;
      else frame = requestAnimationFrame(tick);
    };
    frame = requestAnimationFrame(tick);
    return () => cancelAnimationFrame(frame);
  }, [playing.value]);
}
