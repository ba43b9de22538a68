// <form data-passkey="make|sign" data-challenge="/address" data-origin="…">: asks the server what to ask the
// device, the device for an answer, and sends the form with it. Without JavaScript its button stays hidden.
import { attach } from "./attach.js";
import { _ } from "./words.js";

const refused = {
  make: () => ({
    InvalidStateError: _("This device has a passkey of yours here already."),
    NotAllowedError: _("No passkey was made: it was called off, or nothing came in time."),
  }),
  sign: () => ({ NotAllowedError: _("No passkey was used: it was called off, or there is none for this site here.") }),
};

const ask = {
  make: (options) => navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(options) }),
  sign: (options) => navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(options) }),
};

function trouble({ dataset }) {
  if (location.origin !== dataset.origin) return _("Passkeys work at %(origin)s only: open this page there.", dataset);
  if (!window.PublicKeyCredential?.parseRequestOptionsFromJSON) return _("This browser knows no passkeys.");
  return "";
}

async function optionsFor(form) {
  const body = new URLSearchParams(new FormData(form));
  body.delete("answer");
  body.delete("next");
  const answer = await fetch(form.dataset.challenge, { method: "POST", body, headers: { "HX-Request": "true" } });
  if (answer.ok) return answer.json();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  throw new Error(page.querySelector("p")?.textContent ?? _("the server cannot be reached."));
}

attach("form[data-passkey]", (form) => {
  const kind = form.dataset.passkey;
  const button = form.querySelector("button");
  const told = form.querySelector("[data-told]");
  const tell = (text) => {
    told.textContent = text;
    told.hidden = !text;
  };
  const free = () => {
    button.disabled = false;
    button.removeAttribute("aria-busy");
  };

  tell(trouble(form));
  if (!told.hidden) return;
  button.hidden = false;
  window.addEventListener("pageshow", free);

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    tell("");
    button.disabled = true;
    button.setAttribute("aria-busy", "true");
    try {
      form.elements.answer.value = JSON.stringify(await ask[kind](await optionsFor(form)));
      form.submit();
    } catch (problem) {
      tell(refused[kind]()[problem.name] ?? problem.message);
      free();
    }
  });
});
