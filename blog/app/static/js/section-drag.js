// <ol data-drag-sections="form">: a section is dragged by its grip to another place, with mouse, pen or finger.
// Each row holds its id for the form, so the order of the rows is what is sent. Escape lets go.
import { attach } from "./attach.js";

attach("[data-drag-sections]", (list) => {
  for (const row of list.children) {
    const grip = row.querySelector("[data-grip]");
    if (!grip) continue;
    grip.hidden = false;
    grip.addEventListener("pointerdown", (event) => drag(list, row, grip, event));
  }
});

function drag(list, row, grip, event) {
  if (event.button !== 0) return;
  event.preventDefault();
  const before = [...list.children];
  const letGo = new AbortController();
  const listen = (name, act) => document.addEventListener(name, act, { signal: letGo.signal });
  grip.setPointerCapture(event.pointerId);
  row.classList.add("dragged");

  const end = () => {
    letGo.abort();
    row.classList.remove("dragged");
  };
  const cancel = () => {
    end();
    list.append(...before);
  };
  listen("pointermove", (moved) => moveTo(list, row, moved.clientY));
  listen("pointerup", () => {
    end();
    const isMoved = before.some((each, place) => list.children[place] !== each);
    if (isMoved) document.getElementById(list.dataset.dragSections).requestSubmit();
  });
  listen("pointercancel", cancel);
  listen("keydown", (pressed) => pressed.key === "Escape" && cancel());
}

function moveTo(list, row, y) {
  const next = [...list.children].find((other) => other !== row && y < middle(other));
  if (next ? next !== row.nextElementSibling : row !== list.lastElementChild) list.insertBefore(row, next ?? null);
}

function middle(element) {
  const box = element.getBoundingClientRect();
  return box.top + box.height / 2;
}
