// <dialog data-palette>: Ctrl/⌘+K opens it, what is typed is looked up, ↑ ↓ choose, Enter goes there. Without
// this module the button is a link to the page /find.
import { bind } from "./keys.js";
import { _, ngettext } from "./words.js";

const dialog = document.querySelector("[data-palette]");
const box = dialog?.querySelector("[name=q]");
const place = document.getElementById("palette-hits");
const hits = () => [...place.querySelectorAll("[data-hit]")];
let asked = 0;
let waiting;

function choose(number) {
  const all = hits();
  all.forEach((hit, index) => {
    hit.id = `hit-${index}`;
    hit.tabIndex = -1;
    hit.role = "option";
    hit.setAttribute("aria-selected", String(index === number));
  });
  if (!all[number]) return box.removeAttribute("aria-activedescendant");
  box.setAttribute("aria-activedescendant", `hit-${number}`);
  all[number].scrollIntoView({ block: "nearest" });
}

const chosen = () => hits().findIndex((hit) => hit.getAttribute("aria-selected") === "true");

// A list to choose from, for those who hear it: groups of options and nothing between them.
function show(found) {
  for (const part of found.querySelectorAll("#hits, ul, li, h2, p")) part.role = "presentation";
  for (const group of found.querySelectorAll("section")) group.role = "group";
  place.replaceChildren(...found.childNodes);
  choose(0);
  const count = hits().length;
  dialog.querySelector("[data-palette-count]").textContent = count ? ngettext("%(n)s found", "%(n)s found", count) : place.textContent.trim();
}

async function look() {
  const number = ++asked;
  place.setAttribute("aria-busy", "true");
  try {
    const query = new URLSearchParams(new FormData(box.form));
    const answer = await fetch(`/find?${query}`, { headers: { "HX-Request": "true" } });
    if (number !== asked) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    show(page.body);
  } catch {
    place.textContent = _("This could not be looked up: there is no connection to the server.");
  } finally {
    if (number === asked) place.removeAttribute("aria-busy");
  }
}

function open() {
  if (document.querySelector("dialog[open]")) return;
  dialog.showModal();
  box.select();
  look();
}

if (dialog) {
  bind("Mod+K", _("Search or jump to anything"), open);
  document.querySelector("[data-palette-open]").addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    open();
  });
  box.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(look, 120);
  });
  box.addEventListener("keydown", (event) => {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    const count = hits().length;
    if (event.key in steps && count) choose((chosen() + steps[event.key] + count) % count);
    else if (event.key === "Enter" && chosen() >= 0) hits()[chosen()].click();
    else return;
    event.preventDefault();
  });
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
  if (/Mac|iPhone|iPad/.test(navigator.platform)) document.querySelector("[data-mod-k]").textContent = "⌘K";
}
