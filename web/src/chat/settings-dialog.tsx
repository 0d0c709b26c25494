/** Settings: username and theme. */
import { signal } from "@preact/signals";
import { useState } from "preact/hooks";
import { Dialog } from "../ui/dialog.tsx";
import { chooseTheme, chosenTheme, type Theme } from "../ui/theme.ts";
import { nameFault, tidy } from "./limits.ts";
import { open } from "./place.ts";
import { enter, me } from "./session.ts";

const theme = signal<Theme>(chosenTheme());
const THEMES: readonly [Theme, string][] = [["system", "System"], ["light", "Light"], ["dark", "Dark"]];

export function SettingsDialog() {
  const [name, setName] = useState(me.value);
  const fault = nameFault(tidy(name));
  const close = () => { open.value = null; };
  return (
    <Dialog title="Settings" name="settings" onClose={close}>
      <form onSubmit={(event) => {
        event.preventDefault();
        if (fault) return;
        enter(tidy(name));
        close();
      }}>
        <label class="field">
          <span>Your name</span>
          <input value={name} data-first autocomplete="nickname" spellcheck={false} aria-invalid={fault !== null}
            aria-describedby="settings-name-help" onInput={(event) => setName(event.currentTarget.value)} />
          <small id="settings-name-help" class={fault ? "fault" : ""}>{fault ?? "Another name is another user: you will leave your rooms and rejoin them."}</small>
        </label>
        <fieldset class="field">
          <legend>Theme</legend>
          <div class="choices">
            {THEMES.map(([value, label]) => (
              <label key={value}>
                <input type="radio" name="theme" value={value} checked={theme.value === value}
                  onChange={() => { chooseTheme(value); theme.value = value; }} />
                <span>{label}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <div class="buttons"><button class="primary" type="submit" disabled={fault !== null}>Save</button></div>
      </form>
    </Dialog>
  );
}
