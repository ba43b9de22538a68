// <textarea data-completes>: offers the names of #bench-names for what is being written inside {{ }} or {% %}.
// ↑ and ↓ choose, Enter or Tab takes, Escape goes on without.
import { attach } from "./attach.js";
import { tell } from "./keys.js";
import { _ } from "./words.js";

tell("Ctrl+Space", _("Offer the names that a part may read, where one is being written"));

const SHOWN = 8;
const names = [...document.querySelectorAll("#bench-names option")].map((option) => option.value);

// The name that ends at the cursor, if the cursor stands inside a tag.
function begun(text) {
  const before = text.value.slice(0, text.selectionStart);
  const open = Math.max(before.lastIndexOf("{{"), before.lastIndexOf("{%"));
  if (open < 0 || Math.max(before.lastIndexOf("}}"), before.lastIndexOf("%}")) > open) return null;
  return before.slice(open + 2).match(/[a-z_.]*$/)[0];
}

// A part of a name finds it too: “facts” finds post.interesting_facts.
function fitting(word) {
  const first = names.filter((name) => name.startsWith(word));
  const others = word.length > 1 ? names.filter((name) => !name.startsWith(word) && name.includes(word)) : [];
  return [...first, ...others].slice(0, SHOWN);
}

attach("textarea[data-completes]", (text) => {
  const box = Object.assign(document.createElement("ul"), { className: "completions", id: `${text.id}-names`, hidden: true });
  box.setAttribute("role", "listbox");
  box.setAttribute("aria-label", _("Names this may read"));
  text.after(box);
  text.setAttribute("aria-autocomplete", "list");
  text.setAttribute("aria-controls", box.id);
  let chosen = 0;

  function close() {
    box.hidden = true;
    text.removeAttribute("aria-activedescendant");
  }

  function choose(index) {
    chosen = (index + box.children.length) % box.children.length;
    [...box.children].forEach((item, place) => item.setAttribute("aria-selected", String(place === chosen)));
    text.setAttribute("aria-activedescendant", box.children[chosen].id);
  }

  function offer() {
    const word = begun(text);
    const found = word === null ? [] : fitting(word);
    if (!found.length || (found.length === 1 && found[0] === word)) return close();
    box.replaceChildren(
      ...found.map((name, index) => {
        const item = Object.assign(document.createElement("li"), { textContent: name, id: `${box.id}-${index}` });
        item.setAttribute("role", "option");
        item.addEventListener("mousedown", (event) => {
          event.preventDefault();
          take(name);
        });
        return item;
      }),
    );
    box.hidden = false;
    box.scrollIntoView({ block: "nearest" });
    choose(0);
  }

  function take(name) {
    const word = begun(text) ?? "";
    text.setRangeText(name, text.selectionStart - word.length, text.selectionStart, "end");
    close();
    text.dispatchEvent(new Event("input", { bubbles: true }));
    close();
  }

  text.addEventListener("input", offer);
  text.addEventListener("blur", close);
  text.addEventListener("keydown", (event) => {
    if (event.key === " " && event.ctrlKey) {
      event.preventDefault();
      return offer();
    }
    if (box.hidden) return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step) {
      event.preventDefault();
      choose(chosen + step);
    } else if (event.key === "Enter" || event.key === "Tab") {
      event.preventDefault();
      take(box.children[chosen].textContent);
    } else if (event.key === "Escape") {
      event.preventDefault();
      close();
    }
  });
});
