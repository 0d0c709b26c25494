/** Whether the page is being printed: then the table draws every row, not only those in sight. */
import { signal } from "@preact/signals";

export const printing = signal(false);

// Preact draws in a microtask, which the browser runs before it prints.
addEventListener("beforeprint", () => { printing.value = true; });
addEventListener("afterprint", () => { printing.value = false; });
