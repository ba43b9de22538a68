// <form data-after-saving>: waits until what is being typed has been saved, so that the answer knows it.
import { isSettled, settled } from "./autosave.js";

document.addEventListener(
  "submit",
  async (event) => {
    const form = event.target;
    if (!form.matches("[data-after-saving]") || isSettled()) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    await settled();
    const present = form.isConnected ? form : form.id && document.getElementById(form.id);
    if (present && isSettled()) present.requestSubmit(present === form ? event.submitter : undefined);
  },
  true,
);

// The button that was pressed may be gone with the part of the page it was in.
document.addEventListener("htmx:finally:request", (event) => {
  const id = event.detail.ctx?.sourceElement?.dataset?.thenFocus ?? event.target.dataset?.thenFocus;
  const next = id && document.activeElement === document.body && document.getElementById(id);
  if (!next) return;
  const fold = next.closest("details:not([open])");
  if (fold && !next.closest("summary")) fold.open = true;
  next.focus({ preventScroll: true });
});
