// An ordered list of entries: reordered by dragging and Alt+↑/↓, added to, taken from; what an entry looks like is
// its maker's: `content(value, entry) -> {node, read(), focus()}`. One entry at a time is reached by the Tab key.
import { dragRow } from "../drag-rows.js";
import { _ } from "../words.js";
import { button, make } from "./dom.js";

export function entries({ label, values, blank, content, changed }) {
  const rows = make("ol", { className: "entries", "aria-label": label });
  const news = make("p", { className: "visually-hidden", role: "status" });
  const past = [];
  const read = () => [...rows.children].map((row) => row.entry.read());
  const add = button(_("+ Add"), _("+ Add to %(label)s", { label }), () => insert([blank()], rows.lastElementChild));
  const undo = button(_("↶ Undo"), _("↶ Undo the last change of order or number in %(label)s", { label }), takeBack, { disabled: true });
  const bar = make("div", { className: "entries__bar" }, add, undo);
  const element = make("div", { className: "entries__place" }, rows, bar, news);

  function reshape(act, before = read()) {
    past.push(before);
    act();
    undo.disabled = false;
    renumber();
    changed();
  }

  function takeBack() {
    show(past.pop());
    undo.disabled = !past.length;
    changed();
  }

  function row(value) {
    const made = make("li", { className: "entry" });
    const grip = make("span", { className: "entry__grip", textContent: "⠿", title: _("Drag to another place"), "aria-hidden": "true" });
    grip.addEventListener("pointerdown", (event) => {
      const before = read();
      dragRow(rows, made, grip, event, () => reshape(() => {}, before));
    });
    made.entry = content(value, { changed, insert: (...next) => insert(next, made), remove: () => remove(made), row: made });
    made.append(grip, made.entry.node, button("×", "", () => remove(made), { className: "ghost entry__remove" }));
    made.addEventListener("keydown", (event) => {
      const step = event.altKey && { ArrowUp: -1, ArrowDown: 1 }[event.key];
      if (!step || event.target.closest(".entry") !== made) return;
      event.preventDefault();
      event.stopPropagation();
      move(made, step, event.target);
    });
    made.addEventListener("focusin", () => stopAt(made));
    return made;
  }

  function insert(added, behind) {
    const made = added.map(row);
    reshape(() => (behind ? behind.after(...made) : rows.prepend(...made)));
    made.at(-1).entry.focus();
    return made.at(-1);
  }

  function remove(gone) {
    const next = gone.nextElementSibling ?? gone.previousElementSibling;
    reshape(() => gone.remove());
    next ? next.entry.focus() : add.focus();
    news.textContent = _("Removed; %(n)s left. Undo brings it back.", { n: rows.children.length });
  }

  function move(moved, step, focused) {
    const other = step < 0 ? moved.previousElementSibling : moved.nextElementSibling;
    if (!other) return;
    reshape(() => (step < 0 ? other.before(moved) : other.after(moved)));
    focused.focus();
    news.textContent = _("Moved to %(place)s of %(n)s.", { place: [...rows.children].indexOf(moved) + 1, n: rows.children.length });
  }

  function renumber() {
    [...rows.children].forEach((each, at) => {
      each.entry.name?.(`${label} ${at + 1}`);
      each.querySelector(":scope > .entry__remove").setAttribute("aria-label", _("Remove %(entry)s", { entry: `${label} ${at + 1}` }));
    });
    if (!rows.querySelector(":scope > .entry--stop")) stopAt(rows.firstElementChild);
  }

  function stopAt(current) {
    for (const each of rows.children) each.classList.toggle("entry--stop", each === current);
    for (const each of rows.children) each.entry.reach?.(each === current);
  }

  function name(words) {
    label = words;
    rows.setAttribute("aria-label", words);
    add.setAttribute("aria-label", _("+ Add to %(label)s", { label }));
    renumber();
  }

  function show(all) {
    rows.replaceChildren(...all.map(row));
    renumber();
  }
  show(values);
  return { element, bar, read, name, set: show, focus: () => (rows.querySelector(".entry--stop") ?? rows.firstElementChild)?.entry.focus() ?? add.focus() };
}
