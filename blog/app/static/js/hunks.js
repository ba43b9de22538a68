// [data-hunks]: in a card with a suggestion j and k move from change to change; a takes the one that has the
// focus and x drops it, and both move on.
import { tell } from "./keys.js";
import { _ } from "./words.js";

tell("j k", _("Go to the next, to the previous change of a suggestion"));
tell("a x", _("Take, drop the change that has the focus"));

const WORDS = "textarea, select, [contenteditable], input:not([type=checkbox])";

function boxes(target) {
  const place = target.closest(".offer") ?? target.closest("[data-card]");
  return [...(place?.querySelector("[data-hunks]")?.querySelectorAll("input") ?? [])];
}

function step(all, from, by) {
  const next = from < 0 ? 0 : Math.min(Math.max(from + by, 0), all.length - 1);
  all[next].focus();
  all[next].parentElement.scrollIntoView({ block: "nearest" });
}

function decide(all, here, taken) {
  if (here < 0) return;
  all[here].checked = taken;
  step(all, here, 1);
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented || event.target.closest(WORDS)) return;
  const all = "jkax".includes(event.key) ? boxes(event.target) : [];
  if (!all.length) return;
  const here = all.indexOf(event.target);
  event.preventDefault();
  if (event.key === "j") step(all, here, 1);
  if (event.key === "k") step(all, here, -1);
  if (event.key === "a") decide(all, here, true);
  if (event.key === "x") decide(all, here, false);
});
