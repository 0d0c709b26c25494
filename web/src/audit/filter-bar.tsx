/** The filters, written to the address as they are typed. */
import { EVENT_TYPES } from "../../client/index.ts";
import { Icon } from "../ui/icons.tsx";
import { NO_FILTERS, isActive, isReadable, type Filters } from "./filters.ts";
import { filters } from "./view.ts";

export function FilterBar() {
  const set = (change: Partial<Filters>) => { filters.value = { ...filters.value, ...change }; };
  const text = (name: "who" | "from" | "to" | "text", label: string, hint: string) => (
    <input class={name} type="text" aria-label={label} placeholder={hint} value={filters.value[name]} spellcheck={false} autocomplete="off"
      aria-invalid={(name === "from" || name === "to") && !isReadable(filters.value[name])}
      title={name === "from" || name === "to" ? "A seq, a date, or a time such as 2026-11-22 17:00" : undefined}
      onInput={(event) => set({ [name]: event.currentTarget.value })} />
  );
  return (
    <div class="filters" role="search" aria-label="Filter events">
      {text("text", "Text", "Text")}
      {text("who", "Who", "Who")}
      <select aria-label="Type" aria-invalid={!["", ...EVENT_TYPES].includes(filters.value.type)} value={filters.value.type} onChange={(event) => set({ type: event.currentTarget.value })}>
        <option value="">All types</option>
        {EVENT_TYPES.map((type) => <option key={type} value={type}>{type}</option>)}
      </select>
      {text("from", "From", "From")}
      {text("to", "To", "To")}
      <button type="button" class="icon-button" aria-label="Clear filters" title="Clear filters" disabled={!isActive(filters.value)}
        onClick={() => { filters.value = NO_FILTERS; }}><Icon name="close" /></button>
    </div>
  );
}
