// <ol data-drag-sections="form">: a section is dragged by its grip to another place, with mouse, pen or finger.
// Each row holds its id for the form, so the order of the rows is what is sent. Escape lets go.
import { attach } from "./attach.js";
import { dragRow } from "./drag-rows.js";

attach("[data-drag-sections]", (list) => {
  for (const row of list.children) {
    const grip = row.querySelector("[data-grip]");
    if (!grip) continue;
    grip.hidden = false;
    const send = () => document.getElementById(list.dataset.dragSections).requestSubmit();
    grip.addEventListener("pointerdown", (event) => dragRow(list, row, grip, event, send));
  }
});
