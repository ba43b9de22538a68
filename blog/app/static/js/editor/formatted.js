// The button that shows a text as readers see it, made by the server from what is typed, and goes back to its source.
import { say } from "../toasts.js";
import { _ } from "../words.js";

export function putFormatted(control, view, place) {
  const seen = document.createElement("div");
  seen.className = "formatted prose";
  seen.hidden = true;
  seen.tabIndex = 0;
  seen.setAttribute("role", "region");
  seen.setAttribute("aria-label", _("%(label)s, as readers see it", { label: control.labels[0]?.textContent.trim() ?? "" }));
  view.dom.after(seen);
  const button = document.createElement("button");
  Object.assign(button, { type: "button", className: "ghost editor__formatted", textContent: _("Formatted") });
  button.setAttribute("aria-pressed", "false");
  button.addEventListener("click", async () => {
    const isShown = seen.hidden && (await show(control, seen));
    seen.hidden = !isShown;
    view.dom.hidden = isShown;
    place.classList.toggle("editor--formatted", isShown);
    for (const other of button.parentNode.children) if (other !== button) other.disabled = isShown;
    button.setAttribute("aria-pressed", String(isShown));
    if (isShown) seen.focus({ preventScroll: true });
    else view.focus();
  });
  return button;
}

async function show(control, seen) {
  const body = new URLSearchParams({ csrf_token: control.form.elements.csrf_token.value, value: control.value });
  try {
    const answer = await fetch(control.dataset.formatted, { method: "POST", body, headers: { "HX-Request": "true" } });
    const text = await answer.text();
    if (!answer.ok) throw new Error(new DOMParser().parseFromString(text, "text/html").body.textContent.trim());
    await htmx.swap({ text, sourceElement: control.form, target: seen, swap: "innerHTML", request: {} });
    return true;
  } catch (problem) {
    say(_("The formatted view cannot be shown. Your words are in the source. %(why)s", { why: problem.message }), "bad");
    return false;
  }
}
