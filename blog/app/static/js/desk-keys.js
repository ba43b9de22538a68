// Ctrl/⌘+J opens the panel of the field that has the focus, ready to run; Ctrl/⌘+Enter accepts the suggestion that has
// the focus, else the newest of its field, from the panel or from nowhere too; Alt+↑/↓ moves a section.
import { bind, tell } from "./keys.js";
import { _ } from "./words.js";

const isMac = /Mac|iPhone|iPad/.test(navigator.platform);

tell("Mod+Enter", _("Accept what is ticked in the suggestion, or the newest of the field, that has the focus"));
tell("Alt+ArrowUp Alt+ArrowDown", _("Move the section that has the focus"));

let asked;
bind("Mod+j", _("Automate the field that has the focus: its panel, ready to run"), (event) => {
  const opener = event.target.closest("[data-card]")?.querySelector("[data-automate]");
  if (!opener) return false;
  opener.click();
  asked = opener;
});

// Other parts of the page are swapped meanwhile, so only the panel that was asked for gets the focus.
document.addEventListener("htmx:after:swap", (event) => {
  if (!asked || event.detail.ctx?.sourceElement !== asked) return;
  asked = undefined;
  document.getElementById("run-button")?.focus();
});

document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) accept(event);
  if (event.altKey && (event.key === "ArrowUp" || event.key === "ArrowDown")) move(event);
});

function accept(event) {
  const isNowhere = event.target === document.body;
  const panel = isNowhere ? document.getElementById("panel") : event.target.closest("[data-panel]");
  const card = event.target.closest("[data-card]") ?? cardOf(panel);
  const editing = event.target.closest(".offer__edit form");
  const offer = event.target.closest(".offer");
  const form = editing ?? (offer ?? card)?.querySelector("form[data-accept]");
  if (!form || form.querySelector("button:disabled")) return;
  event.preventDefault();
  form.requestSubmit();
}

const cardOf = (panel) => panel && document.getElementById(`field-${panel.dataset.panel}`);

function move(event) {
  const direction = event.key === "ArrowUp" ? "up" : "down";
  const form = event.target.closest("[data-section]")?.querySelector(`form[data-move=${direction}]`);
  if (!form) return;
  event.preventDefault();
  form.requestSubmit();
}

function showKeys() {
  if (isMac) for (const key of document.querySelectorAll("[data-mod-enter]")) key.textContent = "⌘↵";
}
showKeys();
document.addEventListener("htmx:after:swap", showKeys);
