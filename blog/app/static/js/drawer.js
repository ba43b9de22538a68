// <a data-comments="field">: opens the field's comments in #drawer. Escape closes it; the button has the focus again.
import { tell } from "./keys.js";
import { _ } from "./words.js";

tell("Mod+Enter", _("Send the comment that has the focus"));

const drawer = document.getElementById("drawer");
let opener;

function open(source) {
  drawer.hidden = false;
  if (source?.matches?.("[data-comments]")) opener = source.id;
  else document.dispatchEvent(new CustomEvent("comments:changed"));
  for (const link of document.querySelectorAll("[data-comments]")) link.classList.toggle("on", link.id === opener);
  drawer.focus({ preventScroll: true });
}

function close() {
  drawer.hidden = true;
  drawer.replaceChildren();
  for (const link of document.querySelectorAll("[data-comments].on")) link.classList.remove("on");
  (opener && document.getElementById(opener))?.focus();
}

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.target === drawer) open(event.detail.ctx.sourceElement);
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-close-drawer]")) close();
});

drawer.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && !event.defaultPrevented) close();
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey)) return;
  event.preventDefault();
  event.target.closest("form")?.requestSubmit();
});

// Comments that came before this module did.
if (drawer.childElementCount) open(document.activeElement);
