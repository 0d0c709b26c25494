/**
 * The log as a dense table: only the rows in sight are in the page, however long the room.
 *
 * Rows are of one height, so a row's place is a multiplication. The row of the moment looked
 * at is kept in sight. Printing draws all rows.
 */
import { useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import type { LogEvent } from "../../client/index.ts";
import { hueClass } from "../ui/person.tsx";
import { exactTime } from "../ui/time.ts";
import { locale, t, type Key } from "../ui/words.ts";
import { FilterBar } from "./filter-bar.tsx";
import { NO_FILTERS, faultOf, isActive, nameOf, textOf, typeOf } from "./filters.ts";
import { printing } from "./printing.ts";
import { events, firstSeq, moment, shown } from "./room-log.ts";
import { go } from "./transport.tsx";
import { filters, witnesses } from "./view.ts";

const COLUMNS: readonly Key[] = ["seq", "time", "type", "who", "what", "proof"];
export const ROW_PIXELS = 30;
const SPARE_ROWS = 8;
const exactClock = new Intl.DateTimeFormat(locale, { year: "2-digit", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" });

export function Table() {
  const box = useRef<HTMLDivElement>(null);
  const top = useSignal(0), height = useSignal(600);
  const range = useComputed(() => {
    if (printing.value) return { from: 0, to: shown.value.length };
    const from = Math.max(0, Math.floor(top.value / ROW_PIXELS) - SPARE_ROWS);
    return { from, to: Math.min(shown.value.length, Math.ceil((top.value + height.value) / ROW_PIXELS) + SPARE_ROWS) };
  });
  useEffect(() => {
    const watch = new ResizeObserver(() => {
      height.value = box.current!.clientHeight;
      keepInSight(box.current!, rowOf(moment.peek()));
    });
    watch.observe(box.current!);
    return () => watch.disconnect();
  }, []);
  useLayoutEffect(() => keepInSight(box.current!, rowOf(moment.value)), [moment.value, shown.value]);
  const { from, to } = range.value, fault = faultOf(filters.value);
  return (
    <section class="table-pane" aria-label={t("events")}>
      <FilterBar />
      <div class="scroll" ref={box} tabIndex={0} role="table" aria-label={t("events")} aria-rowcount={shown.value.length} onScroll={(event) => { top.value = event.currentTarget.scrollTop; }}>
        <div role="rowgroup" class="head-group">
          <div class="row head" role="row">
            {COLUMNS.map((name) => <span key={name} role="columnheader">{t(name)}</span>)}
          </div>
        </div>
        <div role="rowgroup" class="rows" style={{ height: `${shown.value.length * ROW_PIXELS}px` }}>
          <div style={{ transform: `translateY(${from * ROW_PIXELS}px)` }} role="presentation">
            {shown.value.slice(from, to).map((index, place) => <Row key={index} event={events.value[index]!} number={from + place + 1} />)}
          </div>
        </div>
        {shown.value.length === 0 && (
          <p class={fault === null ? "none" : "none fault"} role={fault === null ? undefined : "alert"}>{fault ?? t("noMatch")} <button type="button" class="link" onClick={() => { filters.value = NO_FILTERS; }}>{t("showAll")}</button></p>
        )}
      </div>
      <p class="foot note">{isActive(filters.value) ? t("countOf", { count: shown.value.length, all: events.value.length }) : t("countEvents", { count: events.value.length })}</p>
    </section>
  );
}

function Row({ event, number }: { event: LogEvent; number: number }) {
  const kind = typeOf(event), erased = "erased" in event && event.erased;
  const now = event.seq === moment.value, later = event.seq > moment.value;
  return (
    <div class={`row ${kind}${now ? " now" : ""}${later ? " later" : ""}`} role="row" aria-rowindex={number} aria-current={now ? "true" : undefined}
      onClick={() => go(event.seq)}>
      <span role="cell" class="num"><button type="button" tabIndex={now ? 0 : -1} aria-label={t("goToEvent", { seq: String(event.seq) })}>{event.seq}</button></span>
      <span role="cell" class="when" title={exactTime(event.at)}>{exactClock.format(new Date(event.at))}</span>
      <span role="cell"><i class={`kind ${kind}`}>{kind}</i></span>
      <span role="cell" class="who"><b class={hueClass(nameOf(event))}>{nameOf(event)}</b></span>
      <span role="cell" class={erased ? "what gone" : "what"} title={erased ? undefined : textOf(event)}>{erased ? t("erased") : textOf(event)}</span>
      <span role="cell" class="hash">
        {kind === "chat" ? <button type="button" class="link" tabIndex={now ? 0 : -1} onClick={(click) => { click.stopPropagation(); go(event.seq); witnesses.value = event.seq; }}>{t("witnesses")}</button>
          : <code>{event.hash.slice(0, 8)}</code>}
      </span>
    </div>
  );
}

/** The place in the table of the last shown event not after a seq. */
function rowOf(seq: number): number {
  const index = seq - firstSeq.value;
  let low = 0, high = shown.value.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (shown.value[middle]! <= index) low = middle + 1;
    else high = middle;
  }
  return Math.max(0, low - 1);
}

function keepInSight(box: HTMLElement, row: number): void {
  const top = row * ROW_PIXELS, sight = box.clientHeight - 2 * ROW_PIXELS;
  if (top < box.scrollTop || top > box.scrollTop + sight) box.scrollTop = Math.max(0, top - sight / 2);
}
