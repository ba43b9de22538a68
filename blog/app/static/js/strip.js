// #strip: asks again how far the sub-stage is after a field was saved, but never while something in it is open.
let waiting;

function isBusy(strip) {
  return strip.contains(document.activeElement) || strip.querySelector("details[open], .htmx-request") !== null;
}

function refreshSoon() {
  clearTimeout(waiting);
  waiting = setTimeout(() => {
    const strip = document.getElementById("strip");
    if (!strip || document.querySelector(".htmx-request")) return;
    if (isBusy(strip)) refreshSoon();
    else htmx.trigger(strip, "refresh");
  }, 800);
}
document.addEventListener("field:saved", refreshSoon);
document.addEventListener("comments:changed", refreshSoon);

// The button that was pressed is gone with the old strip: the new one has the focus.
let isPressed = false;
document.addEventListener("submit", (event) => {
  isPressed = event.target.closest("#strip") !== null;
});
document.addEventListener("htmx:after:swap", (event) => {
  if (!isPressed || event.detail.ctx?.target?.id !== "strip") return;
  isPressed = false;
  if (document.activeElement === document.body) document.getElementById("strip").focus({ preventScroll: true });
});
