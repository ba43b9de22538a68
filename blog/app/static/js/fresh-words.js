// .offers[data-revision]: the suggestions of a field come with the number of its revision. When that is a later one than
// its card shows, because an answer was accepted without a review, the card comes anew, unless somebody writes in it.
// [data-saves-answers]: where nobody is to review an answer it becomes words a moment after its run ended, or later if
// much else is to be done.
import { isSettled } from "./autosave.js";

const A_MOMENT = 1000;
const LONG_ENOUGH = 20_000;
const asked = new Set();
let panel = document.getElementById("panel");

document.addEventListener("htmx:after:swap", () => {
  // The panel comes anew when a run begins and when it ends; a quick one has ended before its panel is there.
  if (panel !== document.getElementById("panel")) {
    panel = document.getElementById("panel");
    setTimeout(lookAgain, A_MOMENT, A_MOMENT);
  }
  for (const offers of document.querySelectorAll(".offers[data-revision]")) {
    const form = offers.closest("[data-card]")?.querySelector("form[data-autosave]");
    const base = form?.elements.base_revision_id;
    if (base && Number(offers.dataset.revision) > Number(base.value)) refresh(form);
  }
});

async function refresh(form) {
  const card = form.closest("[data-card]");
  if (asked.has(card) || form.contains(document.activeElement) || form.querySelector("[data-conflict]") || !isSettled()) return;
  asked.add(card);
  await htmx.ajax("GET", form.getAttribute("action"), { source: card, target: card, select: `#${card.id}`, swap: "outerHTML" });
}

async function lookAgain(waited) {
  const offers = () => document.getElementById(`offers-${panel?.dataset.panel}`);
  const target = offers();
  const place = target?.querySelector("[data-saves-answers]");
  // Not below somebody who decides on it, or writes there what should be different.
  if (!place || target.contains(document.activeElement) || target.querySelector("details[open]")) return;
  await htmx.ajax("GET", place.dataset.savesAnswers, { source: target, target, swap: "outerHTML" });
  if (offers()?.querySelector(".offer") && waited < LONG_ENOUGH) setTimeout(lookAgain, 2 * waited, 2 * waited);
}
