/** The name and its mark. */
export function Brand() {
  return <span class="brand"><span class="mark" aria-hidden="true"><i /><i /><i /></span>chatlog</span>;
}
