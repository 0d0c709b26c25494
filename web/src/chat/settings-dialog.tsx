/** Settings: username and theme. */
import { signal } from "@preact/signals";
import type { ComponentChild } from "preact";
import { useState } from "preact/hooks";
import { Dialog } from "../ui/dialog.tsx";
import { signOut, signedIn } from "../ui/identity.ts";
import { chooseTheme, chosenTheme, type Theme } from "../ui/theme.ts";
import { nameFault, tidy } from "./limits.ts";
import { open } from "./place.ts";
import { newestToken } from "../ui/token.ts";
import { parts, t, type Key } from "../ui/words.ts";
import { client, enter, me } from "./session.ts";

const theme = signal<Theme>(chosenTheme());
const THEMES: readonly [Theme, Key][] = [["system", "themeSystem"], ["light", "themeLight"], ["dark", "themeDark"]];

export function SettingsDialog() {
  const [name, setName] = useState(me.value);
  const who = signedIn();
  const fault = who ? null : nameFault(tidy(name));
  const close = () => { open.value = null; };
  return (
    <Dialog title={t("settings")} name="settings" onClose={close}>
      <form onSubmit={(event) => {
        event.preventDefault();
        if (fault) return;
        if (!who) enter(tidy(name));
        close();
      }}>
        {who ? <SignedIn subject={who.subject} /> : <label class="field">
          <span>{t("yourName")}</span>
          <input value={name} data-first autocomplete="nickname" spellcheck={false} aria-invalid={fault !== null}
            aria-describedby="settings-name-help" onInput={(event) => setName(event.currentTarget.value)} />
          <small id="settings-name-help" class={fault ? "fault" : ""}>{fault ?? t("otherName")}</small>
        </label>}
        <fieldset class="field">
          <legend>{t("theme")}</legend>
          <div class="choices">
            {THEMES.map(([value, label]) => (
              <label key={value}>
                <input type="radio" name="theme" value={value} checked={theme.value === value}
                  onChange={() => { chooseTheme(value); theme.value = value; }} />
                <span>{t(label)}</span>
              </label>
            ))}
          </div>
        </fieldset>
        <div class="buttons"><button class="primary" type="submit" disabled={fault !== null}>{t("save")}</button></div>
      </form>
    </Dialog>
  );
}

/** The token tells the name; somebody else has to sign in to be somebody else. */
function SignedIn({ subject }: { subject: string }) {
  const unsent = [...client.rooms.values()].reduce((sum, room) => sum + room.outbox.pending.length, 0);
  return (
    <div class="field signed-in">
      <span>{parts<ComponentChild>("signedInAs", { name: <b>{me.value}</b> })}</span>
      <small>{subject === me.value ? "" : `${t("knownAs", { subject })} `}{unsent > 0 && t("unsentLost", { count: unsent })}</small>
      {newestToken() !== null && <button type="button" class="quiet" onClick={signOut}>{t("signOut")}</button>}
    </div>
  );
}
