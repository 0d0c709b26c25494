/**
 * The presence chart: how many were present over time, above a lane for each person.
 *
 * uPlot draws the curve and owns the time axis; the lanes are one canvas below it on the same
 * axis. A presence is a bar; where its end is inferred, the part that is not sure is hatched.
 */
import uPlot from "uplot";
import { locale } from "../ui/words.ts";
import type { Lane } from "./presence.ts";

export interface PresenceChart {
  show(counts: [number[], number[]], lanes: readonly Lane[], untilMilliseconds: number): void;
  /** Show where the moment looked at is. */
  mark(milliseconds: number): void;
  destroy(): void;
}

const LEFT_PIXELS = 116;
const RIGHT_PIXELS = 28;
const CURVE_PIXELS = 134;
const LANE_PIXELS = 18;
/** More lanes than this nobody reads; those with the first arrivals are drawn. */
const MAX_LANES = 400;

const DAY_SECONDS = 86_400;
const day = new Intl.DateTimeFormat(locale, { day: "numeric", month: "short", year: "numeric" });
const clock = (options: Intl.DateTimeFormatOptions) =>
  new Intl.DateTimeFormat(locale, { hour: "2-digit", minute: "2-digit", hourCycle: "h23", ...options });
const minutes = clock({}), seconds = clock({ second: "2-digit" });
const fractions = clock({ second: "2-digit", fractionalSecondDigits: 2 });

/** The time axis in the reader's own words; a day stands below the first label that is of it. */
function timeLabels(_: uPlot, splits: number[], __: number, ___: number, step: number): string[] {
  const format = step >= 60 ? minutes : step >= 1 ? seconds : fractions;
  let before = "";
  return splits.map((at) => {
    const date = new Date(at * 1000), today = day.format(date);
    const below = today === before ? "" : `\n${today}`;
    before = today;
    return step >= DAY_SECONDS ? today : format.format(date) + below;
  });
}

export function drawPresence(host: HTMLElement, seek: (milliseconds: number) => void): PresenceChart {
  const curve = element(host, "div", "curve"), scroller = element(host, "div", "lanes");
  const canvas = element(scroller, "canvas", ""), needle = element(host, "div", "needle");
  let lanes: readonly Lane[] = [], until = 0, marked = NaN;
  let plot: uPlot | null = null;

  const colour = (name: string) => getComputedStyle(host).getPropertyValue(name).trim() || "#888";
  // light-dark() is resolved by the browser only where it is used as a colour.
  const probe = element(host, "i", "probe");
  const paint = (name: string) => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color || colour(name);
  };

  function make(): void {
    plot?.destroy();
    const muted = paint("--muted"), line = paint("--line"), accent = paint("--accent");
    const axis: uPlot.Axis = { stroke: muted, grid: { stroke: line, width: 1 }, ticks: { show: false }, font: "12px Inter, system-ui, sans-serif" };
    plot = new uPlot({
      width: host.clientWidth, height: CURVE_PIXELS, padding: [10, RIGHT_PIXELS, 0, 0],
      cursor: { y: false, points: { show: false }, drag: { x: true, y: false } },
      legend: { show: false },
      scales: { y: { range: (_, __, max) => [0, Math.max(1, Math.ceil(max * 1.1))] } },
      axes: [{ ...axis, size: 42, values: timeLabels }, { ...axis, size: LEFT_PIXELS, incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000] }],
      series: [{}, { label: "present", stroke: accent, width: 1.5, fill: paint("--accent-soft"), paths: uPlot.paths.stepped!({ align: 1 }), points: { show: false } }],
      hooks: { draw: [drawLanes], setScale: [place] },
    }, [[], []], curve);
    plot.over.addEventListener("click", (event) => seekTo(event.clientX - plot!.over.getBoundingClientRect().left));
  }

  function seekTo(left: number): void {
    if (plot && plot.select.width === 0) seek(plot.posToVal(left, "x") * 1000);
  }

  function drawLanes(): void {
    const ratio = devicePixelRatio, width = host.clientWidth;
    const shown = lanes.slice(0, MAX_LANES), height = Math.max(1, shown.length * LANE_PIXELS);
    [canvas.width, canvas.height] = [width * ratio, height * ratio];
    [canvas.style.width, canvas.style.height] = [`${width}px`, `${height}px`];
    const pen = canvas.getContext("2d");
    if (!pen || !plot) return;
    pen.scale(ratio, ratio);
    pen.font = "12px Inter, system-ui, sans-serif";
    pen.textBaseline = "middle";
    const text = paint("--text"), line = paint("--line"), bar = paint("--accent"), unsure = hatch(pen, bar);
    const x = (milliseconds: number) => LEFT_PIXELS + plot!.valToPos(milliseconds / 1000, "x");
    shown.forEach(({ username, presences }, index) => {
      const top = index * LANE_PIXELS;
      pen.fillStyle = line;
      pen.fillRect(LEFT_PIXELS, top + LANE_PIXELS - 1, width - LEFT_PIXELS - RIGHT_PIXELS, 1);
      pen.save();
      pen.beginPath();
      pen.rect(LEFT_PIXELS, top, width - LEFT_PIXELS - RIGHT_PIXELS, LANE_PIXELS);
      pen.clip();
      pen.globalAlpha = 0.8;
      for (const presence of presences) {
        const from = x(presence.joinedAt), sure = x(presence.sureUntil ?? presence.leftAt ?? until), to = x(presence.leftAt ?? until);
        pen.fillStyle = bar;
        pen.fillRect(from, top + 4, Math.max(1.5, sure - from), LANE_PIXELS - 9);
        if (to > sure) {
          pen.fillStyle = unsure;
          pen.fillRect(sure, top + 4, Math.max(3, to - sure), LANE_PIXELS - 9);
        }
      }
      pen.restore();
      pen.fillStyle = text;
      pen.fillText(shortened(pen, username, LEFT_PIXELS - 28), 20, top + LANE_PIXELS / 2);
    });
  }

  function place(): void {
    const left = plot && !Number.isNaN(marked) ? plot.valToPos(marked / 1000, "x") : NaN;
    const inside = left >= 0 && left <= host.clientWidth - LEFT_PIXELS - RIGHT_PIXELS;
    needle.hidden = !inside;
    if (inside) needle.style.transform = `translateX(${LEFT_PIXELS + left}px)`;
  }

  let data: [number[], number[]] = [[], []];
  const fill = () => {
    plot?.setData(data);
    place();
  };
  const remake = () => {
    make();
    fill();
  };
  make();
  const watch = new ResizeObserver(() => {
    plot?.setSize({ width: host.clientWidth, height: CURVE_PIXELS });
    drawLanes();
    place();
  });
  watch.observe(host);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", remake);
  canvas.addEventListener("click", (event) => seekTo(event.offsetX - LEFT_PIXELS));

  return {
    show(counts, newLanes, untilMilliseconds) {
      [data, lanes, until] = [counts, newLanes, untilMilliseconds];
      fill();
    },
    mark(milliseconds) {
      marked = milliseconds;
      place();
    },
    destroy() {
      watch.disconnect();
      dark.removeEventListener("change", remake);
      plot?.destroy();
    },
  };
}

function element<Name extends keyof HTMLElementTagNameMap>(host: HTMLElement, name: Name, className: string): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  made.className = className;
  host.append(made);
  return made;
}

function hatch(pen: CanvasRenderingContext2D, colour: string): CanvasPattern | string {
  const tile = document.createElement("canvas");
  [tile.width, tile.height] = [6, 6];
  const brush = tile.getContext("2d");
  if (!brush) return colour;
  brush.strokeStyle = colour;
  brush.lineWidth = 1.4;
  for (const shift of [-6, 0, 6]) {
    brush.moveTo(shift, 6);
    brush.lineTo(shift + 6, 0);
  }
  brush.stroke();
  return pen.createPattern(tile, "repeat") ?? colour;
}

function shortened(pen: CanvasRenderingContext2D, text: string, width: number): string {
  if (pen.measureText(text).width <= width) return text;
  const letters = [...text];
  while (letters.length > 1 && pen.measureText(`${letters.join("")}…`).width > width) letters.pop();
  return `${letters.join("")}…`;
}
