// <a data-comments="field">: opens the field's comments at the side. Escape closes them; the button has the focus again.
const drawer = document.createElement("aside");
Object.assign(drawer, { id: "drawer", className: "drawer", tabIndex: -1, hidden: true, ariaLabel: "Comments" });
document.body.append(drawer);
let opener;

function close() {
  drawer.hidden = true;
  drawer.replaceChildren();
  for (const link of document.querySelectorAll("[data-comments].on")) link.classList.remove("on");
  (opener && document.getElementById(opener))?.focus();
}

document.addEventListener("htmx:after:swap", (event) => {
  const source = event.detail.ctx?.sourceElement;
  if (event.detail.ctx?.target !== drawer) return;
  drawer.hidden = false;
  if (source?.matches?.("[data-comments]")) opener = source.id;
  else document.dispatchEvent(new CustomEvent("comments:changed"));
  for (const link of document.querySelectorAll("[data-comments]")) link.classList.toggle("on", link.id === opener);
  drawer.focus({ preventScroll: true });
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
