// notSaved(words, code): what the line below a field says when its words did not reach the server, and the way on.
// Not signed in, or not as when the page was made: signing in leads back here, where the draft is found.
import { _ } from "./words.js";

const WAYS = { 401: _("Sign in again"), 403: _("Reload this page") };

export function notSaved(words, code) {
  const said = _("Not saved: %(words)s Your words are kept in this browser.", { words });
  if (!(code in WAYS)) return [said];
  const href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
  return [`${said} `, Object.assign(document.createElement("a"), { href, textContent: WAYS[code] })];
}

export const isWorthAnotherTry = (code) => code >= 500 || code === 429;
