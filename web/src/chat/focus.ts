/** Where the keyboard goes: the composer, the log, a message. The log registers itself here. */

export interface LogKeys {
  readonly scroller: HTMLElement;
  toPresent(): void;
}

const ACTIONS = { l: "[data-copy]", a: "[data-audit]", e: "[data-erase]" } as const;

let log: LogKeys | null = null;

export function registerLog(keys: LogKeys | null): void {
  log = keys;
}

export function focusComposer(): void {
  document.querySelector<HTMLTextAreaElement>("#composer")?.focus();
}

export function toPresent(): void {
  log?.toPresent();
}

/** To the last message above the composer. */
export function focusLastMessage(): boolean {
  const last = messages().at(-1);
  last?.focus();
  return last !== undefined;
}

/** Take the keys that move within the log; false if this key or place is none of them. */
export function moveInLog(event: KeyboardEvent): boolean {
  if (!log) return false;
  const { scroller } = log;
  const target = event.target as HTMLElement;
  if (event.key === "PageUp" || event.key === "PageDown") {
    if (target.matches("input, select")) return false;
    scroller.scrollBy({ top: (event.key === "PageUp" ? -0.85 : 0.85) * scroller.clientHeight });
    return true;
  }
  if (!scroller.contains(target)) return false;
  if (event.key === "End") log.toPresent();
  else if (event.key === "Home") scroller.scrollTop = 0;
  else if (event.key === "ArrowUp" || event.key === "ArrowDown") {
    const all = messages();
    const here = all.indexOf(target.closest<HTMLElement>("[data-message]")!);
    if (event.key === "ArrowDown" && here === all.length - 1) focusComposer();
    else all[here < 0 ? all.length - 1 : Math.max(0, here + (event.key === "ArrowUp" ? -1 : 1))]?.focus();
  } else if (event.key === "l" || event.key === "a" || event.key === "e") {
    const button = target.closest<HTMLElement>("[data-message]")?.querySelector<HTMLElement>(ACTIONS[event.key]);
    button?.click();
    return button != null;
  } else return false;
  return true;
}

function messages(): HTMLElement[] {
  return [...(log?.scroller.querySelectorAll<HTMLElement>("[data-message]") ?? [])];
}
