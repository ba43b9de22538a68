// form[data-autosave] tells the server, every ten seconds while its field has the focus, that somebody is at it;
// [data-presence] lists the others who are, and marks their cards.
import { attach } from "./attach.js";

const PAUSE = 10_000;

attach("form[data-autosave]", (form) => {
  let last = 0;
  let timer;

  function beat() {
    clearInterval(timer);
    if (!form.isConnected || !form.contains(document.activeElement)) return;
    timer = setInterval(beat, PAUSE);
    if (document.hidden || Date.now() - last < PAUSE - 100) return;
    last = Date.now();
    const body = new URLSearchParams({ csrf_token: form.elements.csrf_token.value });
    // Others are only told a little later when this does not arrive.
    fetch(`${form.getAttribute("action")}/presence`, { method: "POST", body, headers: { "HX-Request": "true" } }).catch(() => {});
  }

  form.addEventListener("focusin", beat);
  form.addEventListener("input", beat);
  form.addEventListener("focusout", () => clearInterval(timer));
});

function mark() {
  const places = [...document.querySelectorAll("[data-editing]")].map((link) => `field-${link.dataset.editing}`);
  for (const card of document.querySelectorAll("[data-card]")) card.classList.toggle("field--shared", places.includes(card.id));
}
mark();
document.addEventListener("htmx:after:swap", mark);
