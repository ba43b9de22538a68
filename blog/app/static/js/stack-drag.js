// #parts: a part is moved by its [data-grip], with pointer events, so that a finger does it too.
import { moved, places } from "./stack.js";

const list = document.getElementById("parts");
let dragged = null;

list.addEventListener("pointerdown", (event) => {
  const grip = event.target.closest("[data-grip]");
  if (!grip) return;
  event.preventDefault();
  dragged = grip.closest("li");
  dragged.classList.add("place--dragged");
  list.setPointerCapture(event.pointerId);
});

list.addEventListener("pointermove", (event) => {
  if (!dragged) return;
  const over = places().find((place) => {
    const box = place.getBoundingClientRect();
    return place !== dragged && event.clientY > box.top && event.clientY < box.bottom;
  });
  if (!over) return;
  const box = over.getBoundingClientRect();
  if (event.clientY < box.top + box.height / 2) over.before(dragged);
  else over.after(dragged);
});

function drop() {
  if (!dragged) return;
  dragged.classList.remove("place--dragged");
  moved(dragged);
  dragged = null;
}
list.addEventListener("pointerup", drop);
list.addEventListener("pointercancel", drop);
