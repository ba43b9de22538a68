// notSaved(words, code): what the line below a field says when its words did not reach the server, and the way on.
// Not signed in, or not as when the page was made: signing in leads back here, where the draft is found.
const WAYS = { 401: "Sign in again", 403: "Reload this page" };

export function notSaved(words, code) {
  const said = `Not saved: ${words} Your words are kept in this browser.`;
  if (!(code in WAYS)) return [said];
  const href = `/sign-in?next=${encodeURIComponent(location.pathname + location.search)}`;
  return [`${said} `, Object.assign(document.createElement("a"), { href, textContent: WAYS[code] })];
}

export const isWorthAnotherTry = (code) => code >= 500 || code === 429;
