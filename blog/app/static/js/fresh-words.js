// .offers[data-revision]: the suggestions of a field come with the number of its revision. When that is a later one than
// its card shows, because an answer was accepted without a review, the card comes anew, unless somebody writes in it.
import { isSettled } from "./autosave.js";

const asked = new Set();

document.addEventListener("htmx:after:swap", () => {
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
