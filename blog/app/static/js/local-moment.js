// <form data-local-moment>: its datetime-local is the reader's own time; what is sent is that moment in UTC.
import { attach } from "./attach.js";

attach("form[data-local-moment]", (form) => {
  const input = form.elements.at;
  const sent = Object.assign(document.createElement("input"), { type: "hidden", name: "at" });
  input.removeAttribute("name");
  form.append(sent);
  form.querySelector("[data-zone]").textContent = `(${Intl.DateTimeFormat().resolvedOptions().timeZone})`;
  form.addEventListener("submit", () => {
    sent.value = new Date(input.value).toISOString();
  });
});
