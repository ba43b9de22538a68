// The line of buttons below an editor: one stop for the Tab key, arrows move along it.
import { openSearchPanel, redo, undo } from "../../vendor/editor.js";
import { whenLetGo } from "../let-go.js";
import { _ } from "../words.js";
import { bold, bullets, heading, image, italic, link, numbers } from "./commands.js";
import { putFormatted } from "./formatted.js";

const MARKDOWN = [
  ["B", _("Bold"), bold],
  ["I", _("Italic"), italic],
  ["H", _("Heading"), heading(2)],
  ["•", _("List"), bullets],
  ["1.", _("Numbered list: 1."), numbers],
  [_("Link"), _("Link"), link],
  [_("Image"), _("Image"), image],
];
const EVERYWHERE = [
  [_("Find"), _("Find and replace"), openSearchPanel],
  ["↶", _("Undo"), undo],
  ["↷", _("Redo"), redo],
];

export function putToolbar(control, view, place) {
  const isMarkdown = control.dataset.editor === "markdown";
  const bar = document.createElement("div");
  bar.className = "editor__bar";
  bar.setAttribute("role", "toolbar");
  bar.setAttribute("aria-label", _("What can be done to %(label)s", { label: control.labels[0]?.textContent.trim() ?? "" }));
  for (const [face, name, run] of [...(isMarkdown ? MARKDOWN : []), ...EVERYWHERE]) bar.append(button(view, face, name, run));
  place.append(bar);
  const show = (isOn) => whenLetGo(() => place.classList.toggle("editor--on", isOn));
  control.form.addEventListener("focusin", () => show(true));
  control.form.addEventListener("focusout", (event) => show(control.form.contains(event.relatedTarget)));
  if (isMarkdown && control.dataset.formatted) bar.append(putFormatted(control, view, place));
  rove(bar);
}

function button(view, face, name, run) {
  const made = document.createElement("button");
  Object.assign(made, { type: "button", className: "ghost", textContent: face, title: name });
  made.setAttribute("aria-label", name);
  // What is selected in the text stays so.
  made.addEventListener("mousedown", (event) => event.preventDefault());
  made.addEventListener("click", () => {
    if (run !== openSearchPanel) view.focus();
    run(view);
  });
  return made;
}

function rove(bar) {
  const buttons = () => [...bar.querySelectorAll("button:not(:disabled)")];
  const stop = (at) => bar.querySelectorAll("button").forEach((each) => (each.tabIndex = each === at ? 0 : -1));
  stop(bar.querySelector("button"));
  bar.addEventListener("focusin", (event) => stop(event.target));
  bar.addEventListener("keydown", (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const all = buttons();
    all[(all.indexOf(event.target) + step + all.length) % all.length].focus();
  });
}
