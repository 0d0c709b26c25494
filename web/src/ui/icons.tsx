/** Line icons, drawn for a 20-pixel grid. Always beside or instead of words that say the same. */

const PATHS = {
  close: "M5 5l10 10M15 5L5 15",
  menu: "M3 6h14M3 10h14M3 14h14",
  people: "M7.5 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c0-2.8 2.3-4.5 5.5-4.5s5.5 1.7 5.5 4.5M13 4.3a3 3 0 0 1 0 5.4M15 12.4c1.8.6 3 2 3 4.1",
  person: "M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM3.8 17c0-2.9 2.6-4.6 6.2-4.6s6.2 1.7 6.2 4.6",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5L17 17",
  plus: "M10 4v12M4 10h12",
  send: "M3.5 10L17 3.8 13.2 16.6 9.6 11.2zM9.6 11.2L17 3.8",
  link: "M8.5 11.5a3 3 0 0 0 4.3 0l2.7-2.7a3 3 0 0 0-4.3-4.3l-1 1M11.5 8.5a3 3 0 0 0-4.3 0l-2.7 2.7a3 3 0 0 0 4.3 4.3l1-1",
  audit: "M10 17a7 7 0 1 0-7-7M3 4.5V10h5.5M10 6.5V10l2.5 2",
  down: "M10 4v11M5 10.5L10 15.5l5-5",
  settings: "M4 6h7M15 6h1M4 14h1M9 14h7M13 8a2 2 0 1 0 0-4 2 2 0 0 0 0 4zM7 16a2 2 0 1 0 0-4 2 2 0 0 0 0 4z",
  leave: "M8 4H5a1 1 0 0 0-1 1v10a1 1 0 0 0 1 1h3M12.5 13.5L16 10l-3.5-3.5M16 10H8",
  back: "M12 4l-6 6 6 6",
  play: "M6.5 4.5v11l9-5.5z",
  pause: "M7 4.5v11M13 4.5v11",
  check: "M4 10.5l4 4 8-9",
  warning: "M10 3.5l7.5 13h-15zM10 8.5v3.5M10 14.3v.2",
  clock: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4l2.5 2",
  keyboard: "M3 5.5h14v9H3zM6 8.5h.1M9 8.5h.1M12 8.5h.1M14.5 8.5h.1M7 11.8h6",
  chat: "M4 4.5h12a1 1 0 0 1 1 1v7a1 1 0 0 1-1 1H9l-4 3v-3H4a1 1 0 0 1-1-1v-7a1 1 0 0 1 1-1z",
  eye: "M2.5 10s2.8-5 7.5-5 7.5 5 7.5 5-2.8 5-7.5 5-7.5-5-7.5-5zM10 12.2a2.2 2.2 0 1 0 0-4.4 2.2 2.2 0 0 0 0 4.4z",
  lock: "M5.5 9h9v7.5h-9zM7.5 9V6.5a2.5 2.5 0 0 1 5 0V9",
  erase: "M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6",
  more: "M5 10h.1M10 10h.1M15 10h.1",
  save: "M10 3.5v8.5M6.5 8.8L10 12.3l3.5-3.5M4 16h12",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" fill="none"
      stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round">
      <path d={PATHS[name]} />
    </svg>
  );
}
