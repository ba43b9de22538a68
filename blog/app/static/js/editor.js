// <textarea data-editor="markdown|text|list|json">: an editor of its kind over the field, made when it comes into view
// or gets the focus. The textarea stays the form's control; without this module it is what one writes in.
import { attach } from "./attach.js";
import { tell } from "./keys.js";
import { whenLetGo } from "./let-go.js";
import { _ } from "./words.js";

tell("Alt+ArrowUp Alt+ArrowDown", _("Move the entry of a list that has the focus"));
tell("Enter Backspace", _("Begin the next entry of a list, join one with the entry before"));
tell("/", _("In a text: insert a heading, a list, a link, an image, or start one of the field's actions"));
tell("Mod+b Mod+i", _("Bold, italic"));
tell("Mod+Shift+k", _("Link"));
tell("Mod+f", _("Find and replace in the text"));
tell("Mod+z Mod+Shift+z", _("Undo, redo what was typed"));
tell("Mod+] Mod+[", _("Indent, outdent the lines of a list"));
tell("Escape", _("Leave the text for its field"));

const KINDS = {
  markdown: () => import("./editor/view.js"),
  text: () => import("./editor/view.js"),
  list: () => import("./editor/list.js"),
  json: () => import("./editor/json.js"),
};
const loaded = new Map();
const views = new Map();
const waiting = new Set();

async function load({ dataset: { editor: kind } }) {
  if (!loaded.has(kind)) loaded.set(kind, await KINDS[kind]());
}

function open(control) {
  if (views.has(control) || !control.isConnected) return;
  waiting.delete(control);
  seen.unobserve(control);
  views.set(control, loaded.get(control.dataset.editor).open(control));
}

function openNext() {
  const next = waiting.values().next().value;
  if (!next) return;
  waiting.delete(next);
  whenLetGo(() => open(next));
  inIdleTime(openNext);
}

const inIdleTime = (act) => (window.requestIdleCallback ?? setTimeout)(act);

const seen = new IntersectionObserver(
  async (entries) => {
    for (const { isIntersecting, target } of entries) {
      if (isIntersecting) await load(target);
      if (isIntersecting) waiting.add(target);
      else waiting.delete(target);
    }
    inIdleTime(openNext);
  },
  { rootMargin: "400px 0px" },
);

attach("textarea[data-editor]", (control) => {
  seen.observe(control);
  control.addEventListener("focus", async () => {
    await load(control);
    // The place that was pressed is only known when the pointer is up.
    if (document.activeElement === control) whenLetGo(() => open(control));
  });
});

document.addEventListener("htmx:after:swap", () => {
  for (const [control, view] of views) {
    if (control.isConnected) continue;
    view.destroy();
    views.delete(control);
  }
});
