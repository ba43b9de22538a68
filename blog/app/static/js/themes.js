// <form data-themes>: shows the chosen theme at once and saves it without leaving the page.
import { attach } from "./attach.js";
import { say } from "./toasts.js";
import { _ } from "./words.js";

function show(theme) {
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
  for (const button of document.querySelectorAll("[data-themes] button[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === theme));
  }
}

attach("form[data-themes]", (form) => {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const body = new FormData(form, event.submitter);
    show(event.submitter.value);
    try {
      const answer = await fetch(form.action, { method: "POST", body, redirect: "manual" });
      if (answer.type !== "opaqueredirect") throw new Error(answer.statusText);
    } catch {
      say(_("The theme is shown here, but could not be saved."), "bad");
    }
  });
});
