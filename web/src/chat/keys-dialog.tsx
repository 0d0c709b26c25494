/** The list of keyboard shortcuts. */
import { Dialog } from "../ui/dialog.tsx";
import { signedIn } from "../ui/identity.ts";
import { t } from "../ui/words.ts";
import { commands } from "./keyboard.ts";
import { open } from "./place.ts";

export function KeysDialog() {
  return (
    <Dialog title={t("shortcuts")} name="keys" onClose={() => { open.value = null; }}>
      <div class="key-groups">
        {commands.map((group) => (
          <section key={group.title}>
            <h3>{t(group.title)}</h3>
            <dl>
              {group.commands.filter(({ isForKnown = false }) => !isForKnown || signedIn() !== null).map(({ keys, does }) => (
                <div key={does}>
                  <dt>{keys.map((key) => <kbd key={key}>{key}</kbd>)}</dt>
                  <dd>{t(does)}</dd>
                </div>
              ))}
            </dl>
          </section>
        ))}
      </div>
    </Dialog>
  );
}
