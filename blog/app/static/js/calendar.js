// [data-calendar]: a post is dragged to another day, or moved by Alt+arrow: a day to the side, a week up or down.
// The server moves it and shows the month again. Without this module “Move…” does the same.
import { bind } from "./keys.js";
import "./move-dialog.js";
import { _ } from "./words.js";

const entryOf = (element) => element.closest?.("[data-calendar] [data-entry]");
const dayOf = (entry) => entry.closest("[data-day]").dataset.day;
const DAY = 86_400_000;

const form = document.querySelector("[data-calendar-move]");

function move(entry, day) {
  if (!form || dayOf(entry) === day) return false;
  form.elements.post_id.value = entry.dataset.entry;
  form.elements.which.value = entry.dataset.which;
  form.elements.day.value = day;
  form.requestSubmit();
}

function by(days) {
  return (event) => {
    const entry = entryOf(event.target);
    if (!entry) return false;
    const day = new Date(`${dayOf(entry)}T00:00:00Z`);
    return move(entry, new Date(day.getTime() + days * DAY).toISOString().slice(0, 10));
  };
}

if (form) {
  bind("Alt+ArrowLeft", _("Move the post a day earlier"), by(-1));
  bind("Alt+ArrowRight", _("Move the post a day later"), by(1));
  bind("Alt+ArrowUp", _("Move the post a week earlier"), by(-7));
  bind("Alt+ArrowDown", _("Move the post a week later"), by(7));
}

let dragged = null;
document.addEventListener("dragstart", (event) => (dragged = entryOf(event.target)));
document.addEventListener("dragover", (event) => {
  const day = dragged && event.target.closest?.("[data-day]");
  for (const one of document.querySelectorAll("[data-day].over")) if (one !== day) one.classList.remove("over");
  if (!day) return;
  event.preventDefault();
  day.classList.add("over");
});
document.addEventListener("drop", (event) => {
  const day = dragged && event.target.closest?.("[data-day]");
  if (day) move(dragged, day.dataset.day);
});
document.addEventListener("dragend", () => (dragged = null));

const news = new URLSearchParams(location.search);
document.querySelector(`#entry-${CSS.escape(`${news.get("moved")}-${news.get("which")}`)} a`)?.focus();
