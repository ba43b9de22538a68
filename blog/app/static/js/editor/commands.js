// What can be done to the lines and words of a text, each a command of the editor.
import { deleteMarkupBackward, EditorSelection, indentLess, indentMore, insertNewlineContinueMarkup, redo } from "../../vendor/editor.js";

const HEADING = /^#{1,6}\s+/;
const BULLET = /^(\s*)([-*+]|\d+[.)])\s+/;
const QUOTE = /^>\s?/;

// Around the selection, or away again where it is there already.
const around = (mark) => (view) => {
  const { state } = view;
  const spec = state.changeByRange(({ from, to }) => {
    const size = mark.length;
    const before = state.sliceDoc(Math.max(0, from - size), from);
    if (before === mark && state.sliceDoc(to, to + size) === mark) {
      const changes = [{ from: from - size, to: from }, { from: to, to: to + size }];
      return { changes, range: EditorSelection.range(from - size, to - size) };
    }
    const changes = [{ from, insert: mark }, { from: to, insert: mark }];
    return { changes, range: EditorSelection.range(from + size, to + size) };
  });
  view.dispatch(state.update(spec, { userEvent: "input", scrollIntoView: true }));
  return true;
};

function linesOf(state) {
  const { from, to } = state.selection.main;
  const lines = [];
  for (let line = state.doc.lineAt(from); ; line = state.doc.line(line.number + 1)) {
    lines.push(line);
    if (line.to >= to) return lines;
  }
}

// `begin(number)` is what each line begins with instead of what `pattern` finds; all have it already: away with it.
const beginning = (pattern, begin) => (view) => {
  const lines = linesOf(view.state);
  const had = lines.map((line) => pattern.exec(line.text)?.[0] ?? "");
  const wanted = lines.map((_, at) => begin(at + 1));
  const isThere = wanted.every((start, at) => start === had[at]);
  const changes = lines.map(({ from }, at) => ({ from, to: from + had[at].length, insert: isThere ? "" : wanted[at] }));
  const set = view.state.changes(changes);
  const selection = view.state.selection.main.empty ? { anchor: set.mapPos(view.state.selection.main.head, 1) } : undefined;
  view.dispatch({ changes: set, selection, userEvent: "input", scrollIntoView: true });
  return true;
};

// [words](address): what is still to be written is selected.
const linked = (open) => (view) => {
  const { from, to } = view.state.selection.main;
  const words = view.state.sliceDoc(from, to);
  const isAddress = /^https?:\/\/\S+$/.test(words);
  const insert = isAddress ? `${open}](${words})` : `${open}${words}](https://)`;
  const at = from + open.length;
  const selection = isAddress || !words ? { anchor: at } : { anchor: at + words.length + 2, head: from + insert.length - 1 };
  view.dispatch({ changes: { from, to, insert }, selection, userEvent: "input", scrollIntoView: true });
  return true;
};

export const bold = around("**");
export const italic = around("_");
export const heading = (level) => beginning(HEADING, () => `${"#".repeat(level)} `);
export const bullets = beginning(BULLET, () => "- ");
export const numbers = beginning(BULLET, (number) => `${number}. `);
export const quote = beginning(QUOTE, () => "> ");
export const link = linked("[");
export const image = linked("![");

// Tab is not among them: it leaves the field, as in any other.
export function keysOf(control, isMarkdown) {
  const leave = () => {
    (control.closest("[data-card]") ?? control.form?.querySelector("button"))?.focus();
    return true;
  };
  const shared = [
    { key: "Escape", run: leave },
    { key: "Mod-Shift-z", run: redo },
  ];
  if (!isMarkdown) return shared;
  return [
    ...shared,
    { key: "Enter", run: insertNewlineContinueMarkup },
    { key: "Backspace", run: deleteMarkupBackward },
    { key: "Mod-b", run: bold },
    { key: "Mod-i", run: italic },
    { key: "Mod-Shift-k", run: link },
    { key: "Mod-]", run: indentMore },
    { key: "Mod-[", run: indentLess },
  ];
}
