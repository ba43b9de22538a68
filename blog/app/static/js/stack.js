// #parts: the parts of an action are added, moved by their arrows or Alt+↑ and Alt+↓, taken out and switched off at once,
// without being saved; see bench.js. stack-drag.js moves them by a pointer.
import { changed } from "./bench.js";
import { tell } from "./keys.js";
import { _ } from "./words.js";

const form = document.querySelector("[data-bench]");
const list = document.getElementById("parts");

export const places = () => [...list.querySelectorAll(":scope > li")];
const named = (place) => place.getAttribute("aria-label");

export function moved(place) {
  arrows();
  const where = { name: named(place), number: places().indexOf(place) + 1, count: places().length };
  changed(_("%(name)s is now number %(number)s of %(count)s.", where));
}

function arrows() {
  const all = places();
  all.forEach((place, index) => {
    const off = { up: index === 0, down: index === all.length - 1, out: all.length === 1 };
    for (const button of place.querySelectorAll("[data-move]")) button.disabled = off[button.dataset.move];
  });
}

function move(place, way) {
  const other = way === "up" ? place.previousElementSibling : place.nextElementSibling;
  if (!other) return;
  if (way === "up") other.before(place);
  else other.after(place);
  moved(place);
}

function takeOut(place) {
  const next = place.nextElementSibling ?? place.previousElementSibling;
  const name = named(place);
  place.remove();
  arrows();
  next?.focus();
  changed(_("%(name)s was taken out.", { name }));
}

let count = 0;
async function add(partId) {
  count += 1;
  const key = `n${Date.now().toString(36)}${count}`;
  const part = partId ? `&part_id=${partId}` : "";
  const address = `/llm/actions/${form.dataset.bench}/place?key=${key}${part}`;
  await htmx.ajax("GET", address, { target: "#parts", swap: "beforeend" });
  const place = document.getElementById(`place-${key}`);
  if (!place) return;
  arrows();
  place.scrollIntoView({ block: "nearest" });
  (partId ? place : place.querySelector("textarea")).focus();
  changed(_("%(name)s was added.", { name: named(place) }));
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-move], [data-new-place], [data-add-part]");
  if (!button) return;
  event.preventDefault();
  const place = button.closest("li");
  if (!button.dataset.move) add(button.dataset.addPart);
  else if (button.dataset.move === "out") takeOut(place);
  else {
    move(place, button.dataset.move);
    button.focus();
  }
});

list.addEventListener("change", (event) => {
  if (event.target.name?.startsWith("off-")) event.target.closest("li").classList.toggle("place--off", event.target.checked);
});

list.addEventListener("keydown", (event) => {
  const way = { ArrowUp: "up", ArrowDown: "down" }[event.key];
  if (!event.altKey || !way || !event.target.matches("li[tabindex]")) return;
  event.preventDefault();
  move(event.target, way);
  event.target.focus();
});

arrows();
if (form.querySelector("[data-move]")) tell("Alt+ArrowUp Alt+ArrowDown", _("Move the part that has the focus"));
