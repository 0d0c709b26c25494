/** A modal dialog: the browser's own, so focus, Esc and what lies behind are in good hands. */
import type { ComponentChildren } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";
import { Icon } from "./icons.tsx";
import { t } from "./words.ts";

interface Props {
  readonly title: string;
  readonly name: string;
  readonly onClose: () => void;
  readonly children: ComponentChildren;
}

export function Dialog({ title, name, onClose, children }: Props) {
  const ref = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => {
    const dialog = ref.current!;
    const before = document.activeElement;
    dialog.showModal();
    dialog.querySelector<HTMLElement>("[data-first]")?.focus();
    return () => {
      dialog.close();
      if (before instanceof HTMLElement) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog ref={ref} class={`dialog ${name}`} aria-labelledby={`${name}-title`}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onClick={(event) => { if (event.target === ref.current) onClose(); }}>
      <div class="dialog-body">
        <header>
          <h2 id={`${name}-title`}>{title}</h2>
          <button type="button" class="icon-button" aria-label={t("close")} onClick={onClose}><Icon name="close" /></button>
        </header>
        {children}
      </div>
    </dialog>
  );
}
