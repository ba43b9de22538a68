// Parts of an action by drag and drop, or Alt+↑ and Alt+↓ on the focused one. The server saves the order and
// shows the page again; without this module the arrow buttons do the same.
import { tell } from "./keys.js";
import { _ } from "./words.js";

const token = () => document.querySelector('input[name="csrf_token"]').value;

function save(list, positions) {
  const form = document.createElement("form");
  form.method = "post";
  form.action = list.dataset.reorder;
  const fields = [["csrf_token", token()], ["base_version_id", list.dataset.baseVersion]];
  for (const [name, value] of [...fields, ...positions.map((position) => ["positions", position])]) {
    const input = document.createElement("input");
    Object.assign(input, { type: "hidden", name, value });
    form.append(input);
  }
  document.body.append(form);
  form.submit();
}

const order = (list) => [...list.children].map((item) => item.dataset.position);

function attach(list) {
  let dragged = null;
  let before = "";
  for (const item of list.querySelectorAll(":scope > li")) {
    const grip = item.querySelector("[data-grip]");
    if (!grip) return;
    item.tabIndex = 0;
    item.setAttribute("aria-keyshortcuts", "Alt+ArrowUp Alt+ArrowDown");
    grip.addEventListener("pointerdown", () => (item.draggable = true));
    item.addEventListener("dragstart", (event) => {
      dragged = item;
      before = order(list).join();
      event.dataTransfer.effectAllowed = "move";
    });
    item.addEventListener("dragover", (event) => {
      if (!dragged || dragged === item) return;
      event.preventDefault();
      const box = item.getBoundingClientRect();
      list.insertBefore(dragged, event.clientY < box.top + box.height / 2 ? item : item.nextSibling);
    });
    item.addEventListener("dragend", () => {
      item.draggable = false;
      dragged = null;
      if (order(list).join() !== before) save(list, order(list));
    });
    item.addEventListener("keydown", (event) => {
      if (!event.altKey || event.target !== item) return;
      const other = { ArrowUp: item.previousElementSibling, ArrowDown: item.nextElementSibling }[event.key];
      if (!other) return;
      event.preventDefault();
      if (event.key === "ArrowUp") other.before(item);
      else other.after(item);
      save(list, order(list));
    });
  }
}

for (const list of document.querySelectorAll("[data-reorder]")) attach(list);
if (document.querySelector("[data-reorder]")) tell("Alt+ArrowUp Alt+ArrowDown", _("Move the part that has the focus"));
