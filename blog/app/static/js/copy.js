// <button data-copy="id" hidden>: copies the text of that element. Without JavaScript the button stays hidden.
import { attach } from "./attach.js";
import { say } from "./toasts.js";
import { _ } from "./words.js";

attach("button[data-copy]", (button) => {
  const source = document.getElementById(button.dataset.copy);
  if (!navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(source.value ?? source.textContent);
    say(_("Copied."));
  });
});
