/**
 * Where the log stands, and keeping it there.
 *
 * Either it follows the present, or one row is the anchor: wherever rows come or go, that row
 * stays at its height on the screen. The browser's own anchoring is off (not all have it).
 */
import type { Room } from "../../client/index.ts";
import { redraw } from "./session.ts";

/** Nearer to the end than this counts as being there. */
const END_PIXELS = 32;
/** Load the next page when this many screens are left. */
const AHEAD_SCREENS = 1.5;
const WANDER_EVENTS = 2_000;

export class LogScroll {
  /** The newest event is in sight. */
  atEnd = true;
  readonly #room: Room;
  #box: HTMLElement | null = null;
  #read: (seq: number) => void = () => {};
  #anchor: { row: HTMLElement; top: number } | null = null;
  #opened = false;
  /** The room has been drawn as live: before, nothing is marked as read, or it would get no line. */
  #isDrawnLive = false;
  #watch: ResizeObserver | null = null;
  readonly #look = () => this.#tellRead();

  constructor(room: Room) {
    this.#room = room;
  }

  attach(box: HTMLElement, read: (seq: number) => void): void {
    this.#box = box;
    this.#read = read;
    this.#watch = new ResizeObserver(() => this.settle());
    this.#watch.observe(box);
    addEventListener("focus", this.#look);
  }

  detach(): void {
    this.#watch?.disconnect();
    removeEventListener("focus", this.#look);
    this.#room.timeline.following = true;
    this.#room.timeline.toPresent();
    this.#box = null;
  }

  /** After each drawing: back to where one was. */
  drawn(live: boolean): void {
    this.#isDrawnLive = live;
    this.settle();
  }

  settle(): void {
    const box = this.#box;
    if (!box) return;
    if (!this.#opened && this.#room.state.is === "live") this.#begin(box);
    else if (this.atEnd && this.#room.timeline.atPresent) box.scrollTop = box.scrollHeight;
    else if (this.#anchor?.row.isConnected) box.scrollTop += topIn(box, this.#anchor.row) - this.#anchor.top;
    this.#remember(box);
    this.#loadAhead(box);
    this.#tellRead();
  }

  scrolled(): void {
    const box = this.#box;
    if (!box) return;
    const atEnd = this.#room.timeline.atPresent && box.scrollHeight - box.scrollTop - box.clientHeight < END_PIXELS;
    const changed = atEnd !== this.atEnd;
    this.atEnd = this.#room.timeline.following = atEnd;
    this.#remember(box);
    this.#loadAhead(box);
    this.#tellRead();
    if (changed) redraw();
  }

  toPresent(): void {
    this.#room.timeline.toPresent();
    this.atEnd = this.#room.timeline.following = true;
    this.#anchor = null;
    redraw();
  }

  /** Bring a message to the middle of the screen, from wherever it is in the history. */
  async showMessage(seq: number): Promise<boolean> {
    this.#opened = true;
    this.atEnd = this.#room.timeline.following = false;
    this.#anchor = null;
    const found = await this.#room.showAround(seq);
    const box = this.#box;
    if (!box) return found;
    if (!found) {
      this.toPresent();
      return false;
    }
    redraw();
    await new Promise((resolve) => requestAnimationFrame(resolve)); // drawn by then
    const row = box.querySelector<HTMLElement>(`[data-seq="${seq}"]`) ?? rowBefore(box, seq);
    row?.scrollIntoView({ block: "center" });
    row?.focus({ preventScroll: true });
    this.scrolled();
    return true;
  }

  /** A room opens at the first unread message if it is loaded, else at the present. */
  #begin(box: HTMLElement): void {
    this.#opened = true;
    const line = box.querySelector<HTMLElement>("[data-unread]");
    if (!line) {
      box.scrollTop = box.scrollHeight;
      return;
    }
    box.scrollTop += topIn(box, line) - box.clientHeight / 4;
    this.atEnd = this.#room.timeline.following = box.scrollHeight - box.scrollTop - box.clientHeight < END_PIXELS;
  }

  #remember(box: HTMLElement): void {
    this.#anchor = null;
    if (this.atEnd) return;
    for (const row of box.querySelectorAll<HTMLElement>("[data-row]")) {
      const top = topIn(box, row);
      if (top + row.offsetHeight <= 0) continue;
      this.#anchor = { row, top };
      return;
    }
  }

  #loadAhead(box: HTMLElement): void {
    if (this.#room.state.is !== "live" || this.#room.loading) return;
    // Thousands of joins may fold into one line: they are no reason to wander from the present.
    if (this.atEnd && this.#room.timeline.events.length > WANDER_EVENTS) return;
    const ahead = box.clientHeight * AHEAD_SCREENS;
    if (box.scrollTop < ahead && this.#room.timeline.moreBefore) void this.#room.loadOlder();
    else if (!this.#room.timeline.atPresent && box.scrollHeight - box.scrollTop - box.clientHeight < ahead) void this.#room.loadNewer();
  }

  /** What has been on the screen of somebody who looks has been read. */
  #tellRead(): void {
    const box = this.#box;
    if (!box || !this.#isDrawnLive || this.#room.state.is !== "live" || document.hidden) return;
    const { head } = this.#room.timeline;
    if (this.atEnd && head) return this.#read(head.seq);
    if (!this.#room.timeline.atPresent) return;
    const rows = [...box.querySelectorAll<HTMLElement>("[data-message]")];
    const last = rows.findLast((row) => topIn(box, row) + row.offsetHeight <= box.clientHeight);
    if (last) this.#read(Number(last.dataset["seq"]));
  }
}

function topIn(box: HTMLElement, row: HTMLElement): number {
  return row.getBoundingClientRect().top - box.getBoundingClientRect().top;
}

/** A link may point at a join or leave: those are folded into the row that follows or holds it. */
function rowBefore(box: HTMLElement, seq: number): HTMLElement | null {
  return [...box.querySelectorAll<HTMLElement>("[data-seq]")].findLast((row) => Number(row.dataset["seq"]) <= seq) ?? null;
}
