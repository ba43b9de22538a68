// [data-selection]: what a model can do with words that are selected in a field. The bar comes up beside them by
// itself, with Ctrl/⌘+J or from the field's “Passage”; Escape leads back to the words.
import { bind } from "./keys.js";
import { whenLetGo } from "./let-go.js";
import { foldWishes } from "./selection-bar.js";
import { place } from "./selection-place.js";
import { _ } from "./words.js";

const TEXT = "form[data-autosave] textarea";
const PAUSE = 350;

const bar = () => document.querySelector("form[data-selection]");
const hasWords = (text) => text.value.slice(text.selectionStart, text.selectionEnd).trim() !== "";
const isShown = () => bar() && !bar().hidden;
export const linkOf = (text) => document.getElementById(text.id.replace(/^value-/, "passage-"));

export let chosen = null; // { text, focused, start, end, value }: which words are meant, in UTF-16 units
let soon;

// Without words selected the same keys open the panel of the field (desk-keys.js, which comes behind).
bind("Mod+J", _("Choose what a model does with the selected words"), (event) => {
  const text = event.target.closest?.("[data-card]")?.querySelector(TEXT);
  if (!text || !bar() || !linkOf(text) || !hasWords(text)) return false;
  show(text, { focus: true });
  return true;
});

document.addEventListener("selection:changed", (event) => selected(event.target));
document.addEventListener("selectionchange", () => selected(document.activeElement));

function selected(text) {
  if (!text?.matches?.(TEXT) || !bar()) return;
  clearTimeout(soon);
  if (isShown() && isSame(text)) return;
  hide();
  if (hasWords(text)) soon = setTimeout(() => whenLetGo(() => hasWords(text) && show(text, { focus: false })), PAUSE);
}

function isSame(text) {
  return text === chosen.text && chosen.start === text.selectionStart && chosen.end === text.selectionEnd && chosen.value === text.value;
}

function show(text, { focus }) {
  clearTimeout(soon);
  if (!linkOf(text)) return;
  const focused = text.form.contains(document.activeElement) ? document.activeElement : (chosen?.text === text && chosen.focused) || text;
  chosen = { text, focused, start: text.selectionStart, end: text.selectionEnd, value: text.value };
  foldWishes(bar());
  bar().hidden = false;
  place(bar(), text);
  if (focus) bar().querySelector("[role=toolbar] button:not([tabindex='-1'])").focus();
}

export function hide({ back = false } = {}) {
  if (!isShown()) return;
  bar().hidden = true;
  if (!back || !chosen?.text.isConnected) return;
  const { text, focused, start, end, value } = chosen;
  (focused.isConnected ? focused : text).focus();
  // An editor takes its selection from the browser once it has the focus.
  requestAnimationFrame(() => text.value === value && text.setSelectionRange(start, end));
}

document.addEventListener("bar:grown", () => place(bar(), chosen.text));

// Without words selected “Passage” is an ordinary link, to the page where a passage is chosen.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-passage-of]");
  const text = link && document.getElementById(`value-${link.dataset.passageOf}`);
  if (text && bar() && hasWords(text) && !event.ctrlKey && !event.metaKey) {
    event.preventDefault();
    show(text, { focus: true });
  } else if (isShown() && !event.target.closest("[data-selection]") && !chosen.text.form.contains(event.target)) hide();
});

document.addEventListener(
  "keydown",
  (event) => {
    if (event.key !== "Escape" || !isShown()) return;
    if (!bar().contains(event.target) && !chosen.text.form.contains(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    hide({ back: true });
  },
  true,
);
