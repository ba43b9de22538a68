// The controls of a form made from a JSON Schema, by its types. part(schema, value, about) -> {node, read(), focus()}.
import { make } from "./dom.js";
import { entries } from "./entries.js";
import { lineEntry } from "./line-entry.js";
import { chosen, number, text, tick, wild } from "./json-values.js";

const isObject = (value) => value !== null && typeof value === "object" && !Array.isArray(value);
const named = (key) => key.charAt(0).toUpperCase() + key.slice(1).replaceAll("_", " ");
export const isBlank = (value) => value === undefined || value === "" || (typeof value === "object" && value !== null && Object.values(value).every(isBlank));

export function fits(schema, value) {
  if (schema.enum) return schema.enum.some((each) => each === value);
  if (schema.type === "object") return isObject(value) && Object.entries(value).every(([key, each]) => fits(schema.properties?.[key] ?? {}, each));
  if (schema.type === "array") return Array.isArray(value) && value.every((each) => fits(schema.items ?? {}, each));
  if (schema.type === "integer") return Number.isInteger(value);
  return !["string", "number", "boolean"].includes(schema.type) || typeof value === schema.type;
}

export function part(schema, value, about) {
  if (schema.enum) return chosen(schema, value, about);
  if (schema.type === "object" && schema.properties) return group(schema, value ?? {}, about);
  if (schema.type === "array" && schema.items) return ordered(schema, value ?? [], about);
  if (schema.type === "string") return text(schema, value, about);
  if (schema.type === "integer" || schema.type === "number") return number(schema, value, about);
  if (schema.type === "boolean") return tick(schema, value, about);
  return wild(schema, value, about);
}

// The database does not keep the order of keys; the list of those that are required has it.
function inOrder({ properties, required = [] }) {
  const place = (key) => (required.includes(key) ? required.indexOf(key) : required.length);
  return Object.entries(properties).sort(([one], [other]) => place(one) - place(other));
}

// What the schema does not know is kept as it is.
function group(schema, value, about) {
  const parts = inOrder(schema).map(([key, each]) => [
    key,
    part(each, value[key], { label: each.title ?? named(key), name: `${about.name}: ${each.title ?? named(key)}`, changed: about.changed }),
  ]);
  const node = make("div", { className: "json-group", role: "group", "aria-label": about.name }, ...parts.map(([, each]) => each.node));
  const read = () => {
    const made = { ...value };
    for (const [key, each] of parts) {
      const now = each.read();
      if (now === undefined) delete made[key];
      else made[key] = now;
    }
    return made;
  };
  const name = (words) => {
    node.setAttribute("aria-label", words);
    for (const [key, each] of parts) each.name?.(`${words}: ${schema.properties[key].title ?? named(key)}`);
  };
  return { node, read, name, focus: () => parts[0]?.[1].focus() };
}

function ordered(schema, values, about) {
  const isOfLines = schema.items.type === "string" && !schema.items.enum;
  const content = isOfLines
    ? lineEntry
    : (value, entry) => part(schema.items, value, { label: "", name: about.name, changed: entry.changed });
  const isRoot = about.label === about.name;
  const list = entries({ label: about.name, values, blank: () => (isOfLines ? "" : undefined), content, changed: about.changed });
  const title = isRoot ? [] : [make("p", { className: "json-label", textContent: about.label })];
  const node = make("div", { className: "json-list" }, ...title, list.element);
  return { node, read: () => list.read().filter((each) => !isBlank(each)), focus: list.focus, name: list.name, bar: isRoot ? list.bar : "" };
}
