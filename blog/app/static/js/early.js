// Keeps a press, and Ctrl/⌘ with Enter or J, that comes before the page's scripts until they are there, then makes it.
// Without them it would go the plain way and leave behind what was typed, or be for nothing. Not a module: it has to be there before the page's first button.
// The scripts have run, or could not be had, when the document is complete (DOMContentLoaded): then nothing waits.
(() => {
  const held = new Map();
  let key;

  function hold(event) {
    const pressed = event.type === "submit" ? event.target : event.target.closest("a[href], button");
    if (!pressed || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    held.set(pressed, event.submitter);
    pressed.setAttribute("aria-busy", "true");
  }

  function holdKey(event) {
    if (!(event.ctrlKey || event.metaKey) || !["Enter", "j"].includes(event.key)) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    key = event;
  }

  function release() {
    removeEventListener("click", hold, true);
    removeEventListener("submit", hold, true);
    removeEventListener("keydown", holdKey, true);
    for (const [pressed, submitter] of held) {
      pressed.removeAttribute("aria-busy");
      if (pressed instanceof HTMLFormElement) pressed.requestSubmit(submitter);
      else pressed.click();
    }
    if (key) document.activeElement.dispatchEvent(new KeyboardEvent(key.type, key));
  }

  addEventListener("click", hold, true);
  addEventListener("submit", hold, true);
  addEventListener("keydown", holdKey, true);
  // After the listeners of the others: what they set up there answers the presses.
  addEventListener("DOMContentLoaded", () => setTimeout(release));
})();
