// <form data-selection>: sent with the words that are meant and their place, to the runs of their field.
import { chosen, hide, linkOf } from "./selection.js";
import { say } from "./toasts.js";
import { _ } from "./words.js";

// Before htmx sees the form, and after after-saving.js has let it through.
document.addEventListener(
  "submit",
  (event) => {
    if (!event.target.matches("[data-selection]")) return;
    if (chosen?.text.isConnected && chosen.text.value === chosen.value) return fill(event.target, chosen);
    event.preventDefault();
    event.stopImmediatePropagation();
    hide();
    say(_("The text has changed. Select the words again."), "bad");
  },
  true,
);

function fill(form, { text, start, end, value }) {
  const address = linkOf(text).getAttribute("href").replace(/passage$/, "runs");
  // The server counts characters, not halves of them.
  const counted = (units) => [...value.slice(0, units)].length;
  form.action = address;
  form.setAttribute("hx-post", address);
  form.setAttribute("hx-select-oob", `#offers-${text.id.replace(/^value-/, "")},#running,#banner,#outline-fields`);
  form.elements.base_revision_id.value = text.form.elements.base_revision_id.value;
  form.elements.selection_start.value = counted(start);
  form.elements.selection_end.value = counted(end);
  form.elements.selection_text.value = value.slice(start, end);
}

document.addEventListener("htmx:finally:request", (event) => {
  if (event.detail.ctx?.sourceElement?.matches?.("[data-selection]")) hide({ back: true });
});
