/** The filters, written to the address as they are typed. */
import { EVENT_TYPES } from "../../client/index.ts";
import { Icon } from "../ui/icons.tsx";
import { t } from "../ui/words.ts";
import { NO_FILTERS, isActive, isReadable, type Filters } from "./filters.ts";
import { filters } from "./view.ts";

export function FilterBar() {
  const set = (change: Partial<Filters>) => { filters.value = { ...filters.value, ...change }; };
  const text = (name: "who" | "from" | "to" | "text", label: string) => (
    <input class={name} type="text" aria-label={label} placeholder={label} value={filters.value[name]} spellcheck={false} autocomplete="off"
      aria-invalid={(name === "from" || name === "to") && !isReadable(filters.value[name])}
      title={name === "from" || name === "to" ? t("seqOrTime") : undefined}
      onInput={(event) => set({ [name]: event.currentTarget.value })} />
  );
  return (
    <div class="filters" role="search" aria-label={t("filterEvents")}>
      {text("text", t("text"))}
      {text("who", t("who"))}
      <select aria-label={t("type")} aria-invalid={!["", ...EVENT_TYPES].includes(filters.value.type)} value={filters.value.type} onChange={(event) => set({ type: event.currentTarget.value })}>
        <option value="">{t("allTypes")}</option>
        {EVENT_TYPES.map((type) => <option key={type} value={type}>{type}</option>)}
      </select>
      {text("from", t("from"))}
      {text("to", t("to"))}
      <button type="button" class="icon-button" aria-label={t("clearFilters")} title={t("clearFilters")} disabled={!isActive(filters.value)}
        onClick={() => { filters.value = NO_FILTERS; }}><Icon name="close" /></button>
    </div>
  );
}
