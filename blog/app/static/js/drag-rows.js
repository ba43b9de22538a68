// dragRow(list, row, grip, event, moved): a row of a list follows mouse, pen or finger to another place. Escape lets go.
export function dragRow(list, row, grip, event, moved) {
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
  listen("pointermove", (over) => moveTo(list, row, over.clientY));
  listen("pointerup", () => {
    end();
    if (before.some((each, place) => list.children[place] !== each)) moved();
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
