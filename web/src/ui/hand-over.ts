/**
 * Going to the other page takes the token along. It is added to the address when a link is
 * followed, so that no link in the page has it, and the other page removes it before anything else.
 */
import { isOtherPage } from "./addresses.ts";
import { isKeptInTab, newestToken, withToken } from "./token.ts";

const MIDDLE = 1;

/** Follow links to the other page for whoever is signed in, in this tab or in a new one. */
export function handOverToken(): void {
  addEventListener("click", follow);
  addEventListener("auxclick", follow);
}

function follow(event: MouseEvent): void {
  const link = (event.target as Element).closest<HTMLAnchorElement>("a[href]");
  const token = newestToken();
  if (event.defaultPrevented || event.altKey || event.button > MIDDLE || link === null || token === null) return;
  if (!isOtherPage(new URL(link.href))) return;
  const isForNewTab = event.button === MIDDLE || event.ctrlKey || event.metaKey || event.shiftKey;
  if (!isForNewTab && isKeptInTab()) return; // the other page finds it
  event.preventDefault();
  const address = withToken(link.href, token);
  if (isForNewTab) open(address, "_blank", "noopener");
  else location.assign(address);
}
