// <form data-quote-of="field">: takes the passage that is selected in that field; [data-passage] shows one in its field.
import { attach } from "./attach.js";

const control = (key) => document.getElementById(`value-${key}`);

function selected(key) {
  const field = control(key);
  return field?.selectionEnd > field?.selectionStart ? field.value.slice(field.selectionStart, field.selectionEnd) : "";
}

let used = "";

function take(form) {
  const passage = selected(form.dataset.quoteOf).trim();
  if (!passage || passage === used || passage.length > form.elements.quote.maxLength) return;
  form.elements.quote.value = passage;
  form.elements.quote.closest("details").open = true;
}

attach("form[data-quote-of]", (form) => {
  take(form);
  form.addEventListener("submit", () => (used = form.elements.quote.value));
});

document.addEventListener("selection:changed", chosen);
document.addEventListener("selectionchange", chosen);

function chosen(event) {
  const field = event.target instanceof HTMLTextAreaElement ? event.target : document.activeElement;
  const form = field?.id && document.querySelector(`form[data-quote-of="${CSS.escape(field.id.replace(/^value-/, ""))}"]`);
  if (form) take(form);
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("[data-passage]");
  if (!button) return;
  const field = control(button.dataset.passage);
  const passage = button.closest(".comment").querySelector(".comment__quote").textContent;
  const place = field?.value?.indexOf(passage) ?? -1;
  if (place < 0) return;
  field.setSelectionRange(place, place + passage.length);
  field.focus();
});
