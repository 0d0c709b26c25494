/** Giving an order from a dialog: it closes when it is done, or says what is wrong. */
import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { Icon } from "../ui/icons.tsx";
import { accessWord, plainly, t } from "../ui/words.ts";
import { asked } from "./place.ts";

export function close(): void {
  asked.value = null;
}

export function accessChoices() {
  return [["open", t("everybody")], ["listed", accessWord("listed")], ["private", accessWord("private")]] as const;
}

export function historyChoices() {
  return [["all", t("allHistory")], ["since_member", t("sinceMember")]] as const;
}

export function useOrder() {
  const [fault, setFault] = useState<string | null>(null);
  const [isBusy, setBusy] = useState(false);
  const give = async (order: () => Promise<unknown>, done: () => void = close) => {
    setBusy(true);
    setFault(null);
    try {
      await order();
      done();
    } catch (error) {
      setFault(plainly(error));
    } finally {
      setBusy(false);
    }
  };
  return { fault, isBusy, give };
}

export function Fault({ fault }: { fault: string | null }) {
  return fault === null ? null : <p class="banner danger" role="alert"><Icon name="warning" />{fault}</p>;
}

export function Choices<Value extends string>({ legend, name, value, of, onChange }: {
  legend: string; name: string; value: Value; of: readonly (readonly [Value, string])[]; onChange: (value: Value) => void;
}) {
  return (
    <fieldset class="field">
      <legend>{legend}</legend>
      <div class="choices">
        {of.map(([each, label]) => (
          <label key={each}>
            <input type="radio" name={name} value={each} checked={each === value} onChange={() => onChange(each)} />
            <span>{label}</span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

export function Text({ label, value, onInput, help, first = false }: {
  label: string; value: string; onInput: (value: string) => void; help?: ComponentChildren; first?: boolean;
}) {
  return (
    <label class="field">
      <span>{label}</span>
      <input value={value} data-first={first || undefined} autocomplete="off" spellcheck={false} onInput={(event) => onInput(event.currentTarget.value)} />
      {help !== undefined && <small>{help}</small>}
    </label>
  );
}
