// The automate panel: marks the field it is for, comes into view on small screens, closes on Escape until it is
// asked for again or its run ends, and shows the messages anew when a field they may read has been saved.
const panel = () => document.getElementById("panel");
const isBelow = () => matchMedia("(max-width: 1100px)").matches;

function mark() {
  const key = panel()?.dataset.panel;
  for (const link of document.querySelectorAll("[data-automate]")) {
    link.classList.toggle("on", link.dataset.automate === key);
  }
}

// The button that was pressed goes with the panel it was in: the focus stays with the new one. Two answers may come
// at once, and of the second nobody can say any more where the focus was.
let hadFocus = false;
document.addEventListener("htmx:before:swap", () => {
  if (panel()?.contains(document.activeElement)) hadFocus = true;
});

document.addEventListener("htmx:after:swap", (event) => {
  mark();
  if (hadFocus && document.activeElement === document.body) panel()?.focus({ preventScroll: true });
  hadFocus = false;
  const source = event.detail.ctx?.sourceElement;
  if (event.detail.ctx?.sourceEvent?.type === "ended" && isBelow()) {
    document.querySelector(`#offers-${CSS.escape(panel().dataset.panel)} .offer`)?.scrollIntoView({ block: "start" });
  }
  if (source?.matches?.("[data-automate]") && isBelow()) {
    panel().scrollIntoView({ block: "start" });
    panel().focus({ preventScroll: true });
  }
});

// Not while something in the panel is being pressed or sent: the press would be lost with the old panel.
let refreshing;
function refreshSoon() {
  clearTimeout(refreshing);
  refreshing = setTimeout(() => {
    const form = panel()?.querySelector("[data-refresh-after-save]");
    if (!form || form.contains(document.activeElement) || panel().querySelector(".htmx-request")) return;
    if (panel().matches(":active")) refreshSoon();
    else htmx.trigger(form, "change");
  }, 400);
}
document.addEventListener("field:saved", refreshSoon);

document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.defaultPrevented || !panel()?.contains(document.activeElement)) return;
  const opener = document.getElementById(`automate-${panel().dataset.panel}`);
  if (!opener) return;
  panel().hidden = true;
  opener.classList.remove("on");
  opener.focus();
});
