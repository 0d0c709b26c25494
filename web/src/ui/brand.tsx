/** The name and its mark. */
import { title } from "./title.ts";

export function Brand() {
  return <span class="brand"><span class="mark" aria-hidden="true"><i /><i /><i /></span>{title}</span>;
}
