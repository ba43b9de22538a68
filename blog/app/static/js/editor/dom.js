// make(name, properties, ...children): an element; properties with a hyphen or `role` are attributes.
export function make(name, properties = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (key.includes("-") || key === "role") element.setAttribute(key, value);
    else element[key] = value;
  }
  element.append(...children);
  return element;
}

export const button = (words, name, act, more = {}) => {
  const made = make("button", { type: "button", className: "ghost", textContent: words, title: name, "aria-label": name, ...more });
  made.addEventListener("click", act);
  return made;
};
