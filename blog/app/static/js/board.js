// [data-board]: cards are dragged to another column; arrow keys go from card to card, Alt+← and Alt+→ move one.
// The server moves it and shows the board again. Without this module “Move to…” does the same.
import { bind, tell } from "./keys.js";
import "./move-dialog.js";
import { _ } from "./words.js";

const board = () => document.querySelector("[data-board]");
const columns = () => [...board().querySelectorAll("[data-column]")];
const cards = (column) => [...column.querySelectorAll("[data-card]")];
const cardOf = (element) => element.closest?.("[data-board] [data-card]");

function move(card, column) {
  const form = document.querySelector("[data-board-move]");
  if (!form || !column || column.contains(card)) return false;
  form.elements.post_id.value = card.dataset.card;
  form.elements.sub_stage.value = column.dataset.column;
  form.requestSubmit();
}

function beside(event, step) {
  const card = cardOf(event.target);
  return card && [card, columns()[columns().indexOf(card.closest("[data-column]")) + step]];
}

const WAYS = [
  ["ArrowLeft", -1, _("Move the post to the stage before")],
  ["ArrowRight", 1, _("Move the post to the stage after")],
];
for (const [key, step, says] of WAYS) {
  if (document.querySelector("[data-board-move]")) {
    bind(`Alt+${key}`, says, (event) => {
      const found = beside(event, step);
      return found ? move(...found) : false;
    });
  }
  document.addEventListener("keydown", (event) => {
    if (event.key !== key || event.altKey || event.ctrlKey || event.metaKey || !cardOf(event.target)) return;
    const [card, column] = beside(event, step);
    const row = cards(card.closest("[data-column]")).indexOf(card);
    const filled = column && cards(column).length ? column : null;
    const target = filled && cards(filled)[Math.min(row, cards(filled).length - 1)];
    if (target) go(event, target);
  });
}

document.addEventListener("keydown", (event) => {
  const step = { ArrowUp: -1, ArrowDown: 1 }[event.key];
  const card = cardOf(event.target);
  if (!step || !card || event.altKey) return;
  const all = cards(card.closest("[data-column]"));
  const target = all[all.indexOf(card) + step];
  if (target) go(event, target);
});
tell("ArrowLeft ArrowRight ArrowUp ArrowDown", _("Go from card to card"));

function go(event, card) {
  event.preventDefault();
  card.querySelector("a").focus();
  card.scrollIntoView({ block: "nearest", inline: "nearest" });
}

let dragged = null;
document.addEventListener("dragstart", (event) => {
  dragged = cardOf(event.target);
  dragged?.classList.add("dragged");
});
document.addEventListener("dragover", (event) => {
  const column = dragged && event.target.closest?.("[data-column]");
  for (const one of document.querySelectorAll("[data-column].over")) if (one !== column) one.classList.remove("over");
  if (!column) return;
  event.preventDefault();
  column.classList.add("over");
});
document.addEventListener("drop", (event) => dragged && move(dragged, event.target.closest?.("[data-column]")));
document.addEventListener("dragend", () => {
  dragged?.classList.remove("dragged");
  dragged = null;
});

const moved = new URLSearchParams(location.search).get("moved");
document.querySelector(`#card-${CSS.escape(moved ?? "")} a`)?.focus();
