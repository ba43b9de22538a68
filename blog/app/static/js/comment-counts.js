// [data-comment-counts]: writes how many open comments each field has on its button, <a data-comments="field">.
import { attach } from "./attach.js";

let counts = {};

function show() {
  for (const link of document.querySelectorAll("[data-comments]")) {
    const count = counts[link.dataset.comments] ?? 0;
    link.querySelector("[data-count]").textContent = count || "";
  }
}

attach("[data-comment-counts]", (element) => {
  counts = JSON.parse(element.dataset.commentCounts);
  show();
});

attach("[data-open-comments]", (element) => {
  counts[element.dataset.conversation] = Number(element.dataset.openComments);
  show();
});

attach("[data-comments]", show);
