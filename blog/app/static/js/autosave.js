// <form data-autosave="person">: saves its field when typing pauses, when it is left, and when the page is.
// One request at a time; the answer replaces the line below the words and never the words.
import { attach } from "./attach.js";
import { find, forget, keep, keepSoon } from "./drafts.js";
import { isWorthAnotherTry, notSaved } from "./not-saved.js";
import { _ } from "./words.js";

const PAUSE = 1200;
const AGAIN = 5000;
const savers = new Set();

export const isSettled = () => [...savers].every((saver) => saver.isSettled());
export const settled = () => Promise.all([...savers].map((saver) => saver.save()));

attach("form[data-autosave]", (form) => {
  const field = form.elements.value;
  const status = () => form.querySelector("[data-saved]");
  const textOf = (pieces) => pieces.map((piece) => piece.textContent ?? piece).join("");
  // What says the same stays: somebody may be pressing the link in it.
  const tell = (...pieces) => status()?.textContent !== textOf(pieces) && status()?.replaceChildren(...pieces);
  const base = () => form.elements.base_revision_id?.value ?? "";
  const isConflict = () => form.querySelector("[data-conflict]") !== null;
  // What the page came with, not what is there now: words may have been typed before this ran.
  let saved = field.defaultValue ?? field.value;
  let refused;
  let timer;
  let sending = Promise.resolve();

  async function send(submitter) {
    // What was refused is not sent again by leaving the field, on the way to the link that says what to do.
    if (!submitter && (field.value === saved || field.value === refused || isConflict())) return;
    const text = field.value;
    if (!status()?.querySelector("a")) tell(_("saving…"));
    try {
      const body = new URLSearchParams(new FormData(form, submitter));
      const answer = await fetch(form.action, { method: "POST", body, headers: { "HX-Request": "true" } });
      await show(answer, await answer.text());
      if (!answer.ok) return;
      saved = text;
      if (field.value === text) forget(form);
      document.dispatchEvent(new CustomEvent("field:saved", { detail: { form } }));
    } catch {
      tell(...notSaved(_("the server cannot be reached.")));
      timer = setTimeout(save, AGAIN);
    }
  }

  function save(submitter) {
    clearTimeout(timer);
    sending = sending.then(() => send(submitter instanceof Element ? submitter : null));
    return sending;
  }

  async function show(answer, text) {
    const place = form.querySelector("[id^=saved-]");
    if (text.includes(`id="${place.id}"`)) {
      await htmx.swap({ text, sourceElement: form, target: place, swap: "outerHTML", request: {} });
    } else {
      const words = new DOMParser().parseFromString(text, "text/html").querySelector("p")?.textContent ?? "";
      tell(...notSaved(words, answer.status));
      if (isWorthAnotherTry(answer.status)) timer = setTimeout(save, AGAIN);
      else refused = field.value;
    }
  }

  function leave() {
    if (field.value === saved || isConflict() || !form.isConnected) return;
    keep(form, field.value, base());
    const body = new URLSearchParams(new FormData(form));
    const headers = { "HX-Request": "true" };
    fetch(form.action, { method: "POST", body, headers, keepalive: true }).catch(() => {});
  }

  const draft = find(form);
  if (draft && draft.text !== field.value) {
    field.value = draft.text;
    form.elements.base_revision_id.value = draft.base;
    tell(_("Words that had not reached the server were put back."));
    timer = setTimeout(save, PAUSE);
  } else if (field.value !== saved) timer = setTimeout(save, PAUSE);
  else forget(form);

  form.classList.add("autosaves");
  field.addEventListener("input", () => {
    keepSoon(form, field, base, () => field.value !== saved);
    clearTimeout(timer);
    timer = setTimeout(save, PAUSE);
  });
  field.addEventListener("change", save);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    save(event.submitter);
  });
  form.addEventListener("click", (event) => {
    if (event.target.matches("[data-take-theirs]")) forget(form);
  });
  window.addEventListener("pagehide", leave);
  savers.add({ save, isSettled: () => !form.isConnected || field.value === saved || isConflict() });
});
