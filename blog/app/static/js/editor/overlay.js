// lay(control, {read, build, note}): an editor of parts over a textarea that stays the form's control. `read(text)`
// answers the parts, or null where they cannot be shown so; then, or when asked for, the source is what one edits.
import { _ } from "../words.js";
import { button, make } from "./dom.js";

const VALUE = Object.getOwnPropertyDescriptor(HTMLTextAreaElement.prototype, "value");

export function lay(control, { read, build, note }) {
  const said = make("p", { className: "help", role: "status" });
  const help = make("p", { className: "help", textContent: control.placeholder });
  const place = make("div", { className: "editor editor--parts" }, help);
  const toggle = button(_("Source"), _("Source: edit the text itself"), () => (isSource ? toParts() : toSource("")), { "aria-pressed": "false" });
  toggle.classList.add("editor__formatted");
  const bar = make("div", { className: "editor__bar editor__bar--parts" }, toggle);
  const text = () => VALUE.get.call(control);
  let isSource = false;
  let isWriting = false;
  let left = text();
  let parts = null;

  function changed() {
    const written = parts.write();
    if (written === text()) return;
    VALUE.set.call(control, written);
    help.hidden = written !== "";
    isWriting = true;
    control.dispatchEvent(new InputEvent("input", { bubbles: true }));
    isWriting = false;
  }

  function toSource(why) {
    isSource = true;
    said.textContent = why;
    show();
    if (!why) control.focus();
  }

  function toParts() {
    const values = read(text());
    if (values === null) return toSource(note);
    said.textContent = "";
    isSource = false;
    if (parts) parts.set(values);
    else {
      parts = build(values, changed);
      place.prepend(parts.element);
      bar.prepend(parts.bar);
    }
    show();
    if (document.activeElement === toggle || document.activeElement === control) parts.focus();
  }

  function show() {
    place.classList.toggle("editor--source", isSource);
    control.classList.toggle("under-editor", !isSource);
    control.tabIndex = isSource ? 0 : -1;
    control.toggleAttribute("aria-hidden", false);
    if (!isSource) control.setAttribute("aria-hidden", "true");
    toggle.setAttribute("aria-pressed", String(isSource));
    help.hidden = isSource || text() !== "";
    if (parts) parts.element.hidden = parts.bar.hidden = isSource;
  }

  const follow = () => !isWriting && !isSource && toParts();
  Object.defineProperty(control, "value", { configurable: true, get: VALUE.get, set(words) {
    VALUE.set.call(control, words);
    follow();
  } });
  control.addEventListener("input", follow);
  control.addEventListener("focus", () => !isSource && parts.focus());
  control.addEventListener("mousedown", (event) => {
    if (isSource) return;
    event.preventDefault();
    parts.focus();
  });
  place.addEventListener("focusout", (event) => {
    if (place.contains(event.relatedTarget) || left === text()) return;
    left = text();
    control.dispatchEvent(new Event("change", { bubbles: true }));
  });
  place.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !event.defaultPrevented) control.closest("[data-card]")?.focus();
  });
  control.before(place);
  control.after(said, bar);
  toParts();
  return { destroy() {} };
}
