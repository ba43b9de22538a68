// The controls of single values in a form made from a JSON Schema.
import { make } from "./dom.js";

const LONG = 200;
let made = 0;

function labelled(control, schema, about, ...more) {
  control.id = `json-${++made}`;
  const label = make("label", { htmlFor: control.id, textContent: about.label || about.name, title: schema.description ?? "" });
  if (about.name && about.name !== about.label) control.setAttribute("aria-label", about.name);
  control.addEventListener("input", about.changed);
  return {
    node: make("div", { className: "json-value" }, make("div", { className: "json-label" }, label, ...more), control),
    name: (words) => control.setAttribute("aria-label", words),
    focus: () => control.focus(),
  };
}

export function text(schema, value, about) {
  const isLong = (schema.maxLength ?? LONG) >= LONG;
  const control = isLong ? make("textarea", { className: "entry__text", rows: 1 }) : make("input");
  Object.assign(control, { value: value ?? "", spellcheck: true });
  const count = make("span", { className: "meter" });
  const tell = () => {
    const length = [...control.value].length;
    count.textContent = schema.maxLength ? `${length} / ${schema.maxLength}` : "";
    count.classList.toggle("over", length > schema.maxLength);
  };
  control.addEventListener("input", tell);
  tell();
  return { ...labelled(control, schema, about, count), read: () => control.value };
}

export function number(schema, value, about) {
  const control = make("input", { inputMode: "decimal", value: value ?? "" });
  const read = () => {
    const typed = control.value.trim();
    const isNumber = typed !== "" && Number.isFinite(Number(typed));
    control.toggleAttribute("aria-invalid", typed !== "" && !isNumber);
    return typed === "" ? undefined : isNumber ? Number(typed) : typed;
  };
  return { ...labelled(control, schema, about), read };
}

export function tick(schema, value, about) {
  const control = make("input", { type: "checkbox", checked: value ?? false });
  return { ...labelled(control, schema, about), read: () => control.checked };
}

export function chosen(schema, value, about) {
  const options = schema.enum.map((each, at) => make("option", { value: String(at), textContent: String(each), selected: each === value }));
  const control = make("select", {}, make("option", { value: "" }), ...options);
  return { ...labelled(control, schema, about), read: () => (control.value === "" ? undefined : schema.enum[Number(control.value)]) };
}

// A value of a kind no control is made for: its JSON, and the last that was JSON while it is none.
export function wild(schema, value, about) {
  const control = make("textarea", { className: "code", value: value === undefined ? "" : JSON.stringify(value, null, 2) });
  let last = value;
  const read = () => {
    try {
      last = control.value.trim() ? JSON.parse(control.value) : undefined;
      control.removeAttribute("aria-invalid");
    } catch {
      control.setAttribute("aria-invalid", "true");
    }
    return last;
  };
  return { ...labelled(control, schema, about), read };
}
