// <form data-bench="action">: what is typed is not saved before “Save draft”, and leaving asks. Each change asks for the
// preview of what is there now: form "bench-changed". The preview's views and its post change without a page of their own.
import { _ } from "./words.js";

const form = document.querySelector("[data-bench]");
const state = document.getElementById("bench-state");
const preview = document.getElementById("preview");
let dirty = false;

const show = () => form.dispatchEvent(new CustomEvent("bench-changed", { bubbles: true }));

export function changed(words = "") {
  dirty = true;
  preview.dataset.unsaved = "";
  if (state) state.textContent = words ? `${words} ${_("Not saved yet.")}` : _("Not saved yet.");
  show();
}

// Fields of the shelf, of the preview and of going live belong to the form too, and are no change of the action.
const APART = /^(search|role|kind|bind_field|bind_on_success|reason|override|draft-.*|on_success-.*)$/;
const LOOK = /^(post_id|section_id|passage|llm_model_id)$/;
for (const kind of ["input", "change"]) {
  document.addEventListener(kind, ({ target: field }) => {
    if (field.form !== form || APART.test(field.name)) return;
    if (!LOOK.test(field.name)) changed();
    else if (kind === "change") show();
  });
}

preview.addEventListener("click", (event) => {
  if (event.target.closest("[data-show-anew]")) show();
  const tab = event.target.closest("[data-view]");
  if (!tab || tab.dataset.view === "test" || document.getElementById("seen").hidden) return;
  event.preventDefault();
  document.getElementById("bench-view").value = tab.dataset.view;
  for (const other of preview.querySelectorAll("[data-view]")) other.removeAttribute("aria-current");
  tab.setAttribute("aria-current", "true");
  show();
});

// Enter in the shelf's search would save.
document.getElementById("shelf").addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.id === "shelf-search") event.preventDefault();
});

form.addEventListener("submit", () => (dirty = false));
window.addEventListener("beforeunload", (event) => {
  if (dirty) event.preventDefault();
});
