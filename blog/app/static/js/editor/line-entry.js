// An entry that is one text: Enter begins the next, Backspace at its beginning joins it with the one before, several
// pasted lines become as many entries.
import { make } from "./dom.js";

const MARK = /^\s*(?:[-*+•·▪◦]|\d{1,3}[.)])\s+/;

export function lineEntry(value, entry) {
  const node = make("textarea", { className: "entry__text", rows: 1, value, spellcheck: true });
  node.addEventListener("input", () => entry.changed());
  node.addEventListener("keydown", (event) => press(event, node, entry));
  node.addEventListener("paste", (event) => paste(event, node, entry));
  return {
    node,
    read: () => node.value,
    focus: () => node.focus(),
    name: (words) => node.setAttribute("aria-label", words),
    reach(isReached) {
      for (const control of [node, entry.row.querySelector(".entry__remove")]) control.tabIndex = isReached ? 0 : -1;
    },
  };
}

function press(event, node, entry) {
  if (event.isComposing || event.altKey || event.ctrlKey || event.metaKey) return;
  const { selectionStart: at, selectionEnd: end, value } = node;
  const before = entry.row.previousElementSibling;
  const after = entry.row.nextElementSibling;
  if (event.key === "Enter") {
    node.value = value.slice(0, at);
    entry.insert(value.slice(end)).entry.node.setSelectionRange(0, 0);
  } else if (event.key === "Backspace" && at === 0 && end === 0 && before) {
    const text = before.entry.node;
    const join = text.value.length;
    text.value += value;
    entry.remove();
    text.focus();
    text.setSelectionRange(join, join);
  } else if (event.key === "ArrowUp" && at === 0 && before) {
    before.entry.focus();
  } else if (event.key === "ArrowDown" && end === value.length && after) {
    after.entry.focus();
  } else return;
  event.preventDefault();
}

function paste(event, node, entry) {
  const lines = event.clipboardData.getData("text/plain").split(/\r\n?|\n/).map((line) => line.replace(MARK, "").trim()).filter(Boolean);
  if (lines.length < 2) return;
  event.preventDefault();
  node.setRangeText(lines[0], node.selectionStart, node.selectionEnd, "end");
  entry.insert(...lines.slice(1));
}
