/** Light, dark, or whatever the system says. */
import { remember, storage } from "./storage.ts";

export type Theme = "system" | "light" | "dark";

export function chosenTheme(): Theme {
  const kept = storage.get("theme");
  return kept === "light" || kept === "dark" ? kept : "system";
}

export function chooseTheme(theme: Theme): void {
  remember("theme", theme);
  applyTheme();
}

export function applyTheme(): void {
  const theme = chosenTheme();
  if (theme === "system") delete document.documentElement.dataset["theme"];
  else document.documentElement.dataset["theme"] = theme;
}
