/** People present over time, and a lane for each; drawn by a chunk that comes when it is needed. */
import { useEffect, useRef } from "preact/hooks";
import { t } from "../ui/words.ts";
import { counts, eventAt, lanes, moment, seqAt, times } from "./room-log.ts";
import { go, playing } from "./transport.tsx";
import type { PresenceChart } from "./chart.ts";

export function Present() {
  const host = useRef<HTMLDivElement>(null);
  const chart = useRef<PresenceChart | null>(null);
  const fill = () => {
    chart.current?.show(counts.value, lanes.value, times.value.at(-1) ?? 0);
    chart.current?.mark(Date.parse(eventAt(moment.value)?.at ?? ""));
  };
  useEffect(() => {
    let gone = false;
    // A page open since before a deploy asks for a chunk that is no more: the new page has it.
    import("./chart.ts").catch(() => location.reload()).then((module) => {
      if (gone || !module || !host.current) return;
      chart.current = module.drawPresence(host.current, (time) => {
        playing.value = false;
        go(seqAt(time));
      });
      fill();
    });
    return () => {
      gone = true;
      chart.current?.destroy();
    };
  }, []);
  useEffect(fill, [counts.value, lanes.value]);
  useEffect(() => chart.current?.mark(Date.parse(eventAt(moment.value)?.at ?? "")), [moment.value]);
  return <section class="presence" aria-label={t("presentOverTime")} ref={host} />;
}
