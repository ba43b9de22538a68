// `/` at the beginning of a word: what can be inserted here, and the actions this field offers.
import { _ } from "../words.js";
import { bullets, heading, image, link, numbers, quote } from "./commands.js";

const INSERTS = [
  [_("Heading"), "## ", heading(2)],
  [_("Subheading"), "### ", heading(3)],
  [_("List"), "- ", bullets],
  [_("Numbered list"), "1. ", numbers],
  [_("Quote"), "> ", quote],
  [_("Link"), "[ ]( )", link],
  [_("Image"), "![ ]( )", image],
];

export function slash(control, isMarkdown) {
  const inserts = (isMarkdown ? INSERTS : []).map(([label, detail, run], rank) => option(label, detail, run, { name: _("Insert"), rank: 0 }, rank));
  const actions = JSON.parse(control.dataset.actions ?? "[]").map(({ id, label }, rank) =>
    option(label, "✦", () => automate(control, id), { name: _("Automate"), rank: 1 }, rank),
  );
  const options = [...inserts, ...actions];
  return (context) => {
    const typed = context.matchBefore(/(?<=^|\s)\/[\p{L}\p{N} -]{0,30}/u);
    return typed && options.length ? { from: typed.from, options, validFor: /^\/[\p{L}\p{N} -]*$/u } : null;
  };
}

function option(label, detail, run, section, rank) {
  const apply = (view, _, from, to) => {
    view.dispatch({ changes: { from, to }, userEvent: "input" });
    run(view);
  };
  return { label: `/${label}`, displayLabel: label, detail, apply, section, boost: -rank };
}

// The panel is asked for as by the field's button, for this action; its Run has the focus then.
async function automate(control, id) {
  const key = control.id.replace(/^value-/, "");
  const address = `${document.getElementById(`automate-${key}`).getAttribute("hx-get")}?action=${id}`;
  await htmx.ajax("GET", address, { target: "#panel", select: "#panel", swap: "outerHTML", selectOOB: "#banner" });
  history.replaceState(null, "", address);
  document.getElementById("run-button")?.focus();
}
