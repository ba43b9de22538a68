// [data-selection] [role=toolbar]: arrows move along the bar for selected words; a press starts its action, or first
// unfolds what that asks for. Tells of it with `bar:grown`.
import { tell } from "./keys.js";
import { _ } from "./words.js";

tell("ArrowLeft ArrowRight", _("Move in the bar for selected words"));

const BUTTON = "[data-selection] [role=toolbar] button";
const buttonsOf = (form) => [...form.querySelectorAll("[role=toolbar] button")];

document.addEventListener("click", (event) => {
  const button = event.target.closest(BUTTON);
  if (button) choose(button, button.form);
});

function choose(button, form) {
  form.elements.llm_action_id.value = button.dataset.action;
  foldWishes(form);
  if (!button.dataset.wish) return form.requestSubmit();
  const wish = document.getElementById(button.dataset.wish);
  button.setAttribute("aria-expanded", "true");
  wish.hidden = false;
  const control = wish.querySelector("select, input");
  control.disabled = false;
  form.dispatchEvent(new CustomEvent("bar:grown", { bubbles: true }));
  control.focus();
}

export function foldWishes(form) {
  for (const button of buttonsOf(form)) if (button.dataset.wish) button.setAttribute("aria-expanded", "false");
  for (const wish of form.querySelectorAll(".selection__wish")) {
    wish.hidden = true;
    wish.querySelector("select, input").disabled = true;
  }
}

document.addEventListener("keydown", (event) => {
  if (!event.target.matches?.(BUTTON)) return;
  const all = buttonsOf(event.target.form);
  const here = all.indexOf(event.target);
  const to = { ArrowRight: here + 1, ArrowDown: here + 1, ArrowLeft: here - 1, ArrowUp: here - 1, Home: 0, End: -1 }[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const next = all.at(to % all.length);
  for (const button of all) button.tabIndex = button === next ? 0 : -1;
  next.focus();
});
