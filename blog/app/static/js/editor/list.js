// <textarea data-editor="list">: its entries one by one, to be reordered, added to and taken from; its source is a press away.
import { _ } from "../words.js";
import { entries } from "./entries.js";
import { lineEntry } from "./line-entry.js";
import { lay } from "./overlay.js";

const LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

export function open(control) {
  const label = control.labels[0]?.textContent.trim() ?? control.name;
  return lay(control, {
    note: _("This is no list of texts, so it is shown as its source."),
    read: texts,
    build: (values, changed) => {
      const list = entries({ label, values, blank: () => "", content: lineEntry, changed });
      return { element: list.element, bar: list.bar, set: list.set, focus: list.focus, write: () => written(list.read()) };
    },
  });
}

// As the server reads it: a JSON array of texts, else one per line. None: something else.
function texts(source) {
  const array = arrayIn(source) ?? source.split(LINE_END);
  return array.every((each) => typeof each === "string") ? array.map((each) => each.trim()).filter(Boolean) : null;
}

function arrayIn(source) {
  if (!source.trimStart().startsWith("[")) return null;
  try {
    const value = JSON.parse(source);
    return Array.isArray(value) ? value : null;
  } catch {
    return null; // a line that begins with a bracket
  }
}

// One per line, unless an entry has lines of its own or all of them together could be taken for JSON.
function written(values) {
  const filled = values.filter((each) => each.trim());
  const lines = filled.join("\n");
  const isPlain = filled.every((each) => !LINE_END.test(each)) && arrayIn(lines) === null;
  return isPlain ? lines : JSON.stringify(filled, null, 2);
}
