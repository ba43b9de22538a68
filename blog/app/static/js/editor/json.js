// <textarea data-editor="json" data-schema="…">: a form made from the schema; its source is a press away. A text that
// does not fit the schema is shown as its source and stays as it is.
import { _ } from "../words.js";
import { make } from "./dom.js";
import { fits, isBlank, part } from "./json-parts.js";
import { lay } from "./overlay.js";

export function open(control) {
  const schema = JSON.parse(control.dataset.schema);
  const label = control.labels[0]?.textContent.trim() ?? control.name;
  return lay(control, {
    note: _("This does not fit the form of “%(action)s”, so it is shown as its source.", { action: control.dataset.schemaOf }),
    read: (text) => valueOf(text, schema),
    build: (value, changed) => {
      const place = make("div", { className: "json-form" });
      const bar = make("div");
      let root;
      const set = (given) => {
        root = part(schema, given.value, { label, name: label, changed });
        place.replaceChildren(root.node);
        bar.replaceChildren(root.bar ?? "");
      };
      set(value);
      const write = () => (isBlank(root.read()) ? "" : JSON.stringify(root.read(), null, 2));
      return { element: place, bar, set, focus: () => root.focus(), write };
    },
  });
}

// Numbers that a script would round: only their source is safe to edit.
const LARGE = /[:[,]\s*-?[\d.]{16,}/;

function valueOf(text, schema) {
  if (!text.trim()) return { value: undefined };
  if (LARGE.test(text)) return null;
  try {
    const value = JSON.parse(text);
    return fits(schema, value) ? { value } : null;
  } catch {
    return null;
  }
}
