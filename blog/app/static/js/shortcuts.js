// `?` lists the shortcuts of this page, as the modules that have them told keys.js.
import { bind, shortcuts, shown } from "./keys.js";
import { _ } from "./words.js";

const dialog = document.querySelector("[data-shortcuts]");

function keysOf(text) {
  const term = document.createElement("dt");
  for (const combination of shown(text)) {
    for (const key of combination) {
      const cap = document.createElement("kbd");
      cap.textContent = key;
      term.append(cap);
    }
    term.append(" ");
  }
  return term;
}

function list() {
  const rows = shortcuts().flatMap(({ keys, says }) => {
    const about = document.createElement("dd");
    about.textContent = says;
    return [keysOf(keys), about];
  });
  dialog.querySelector("[data-shortcut-list]").replaceChildren(...rows);
}

if (dialog) {
  bind("?", _("List these shortcuts"), () => {
    if (document.querySelector("dialog[open]")) return false;
    list();
    dialog.showModal();
  });
}
