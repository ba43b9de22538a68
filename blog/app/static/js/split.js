// <a data-split="section">: leads to the choice of a place, with the cursor's in the text of that section as the first.
// Alt+Enter in a text does the same. What is being typed is saved before, so that the choice knows it.
import { isSettled, settled } from "./autosave.js";
import { tell } from "./keys.js";
import { _ } from "./words.js";

const OF_SECTION = /\/sections\/(\d+)\/fields\/(\w+)$/;
let last = null;

tell("Alt+Enter", _("Split the section at the cursor"));

const place = (area) => OF_SECTION.exec(area?.form?.getAttribute("action") ?? "");

// The text one writes in: its textarea, though an editor may lie over it.
const written = (target) => target.closest("form[data-autosave] :is(textarea, .editor)")?.closest("form").elements.value;

document.addEventListener("focusin", (event) => {
  last = written(event.target) ?? last;
});

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-split]");
  if (!link || event.ctrlKey || event.metaKey) return;
  event.preventDefault();
  go(link);
});

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !event.altKey) return;
  const link = document.querySelector(`a[data-split="${place(written(event.target))?.[1]}"]`);
  if (!link) return;
  event.preventDefault();
  go(link);
});

async function go(link) {
  const address = new URL(link.href);
  const [, section, field] = place(last) ?? [];
  if (last?.isConnected && section === link.dataset.split) {
    address.searchParams.set("field", field);
    address.searchParams.set("offset", [...last.value.slice(0, last.selectionStart)].length);
  }
  if (!isSettled()) await settled();
  location.assign(address);
}
