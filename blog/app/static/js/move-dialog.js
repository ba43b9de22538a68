// [data-move-dialog]: opens when a form to move a post has come into it, and is empty again once it is closed.
const dialog = document.querySelector("[data-move-dialog]");
document.addEventListener("htmx:after:swap", () => {
  if (dialog?.querySelector("form") && !dialog.open) dialog.showModal();
});
dialog?.addEventListener("close", () => dialog.querySelector("#move-to").replaceChildren());
