// Keeps a textarea and its editor the same: value, selection, `input` while one types, `change` when one leaves, and
// `selection:changed` {start, end} on the textarea, in UTF-16 units of its value.
import { Annotation, EditorView, Transaction } from "../../vendor/editor.js";

const fromControl = Annotation.define();
const PLAIN = HTMLTextAreaElement.prototype;
const VALUE = Object.getOwnPropertyDescriptor(PLAIN, "value");

export function mirrorTo(control) {
  let left = VALUE.get.call(control);
  return [
    EditorView.updateListener.of((update) => {
      const isOurs = !update.transactions.some((change) => change.annotation(fromControl));
      if (update.docChanged && isOurs) VALUE.set.call(control, update.state.doc.toString());
      if (update.docChanged || update.selectionSet) select(control, update.state.selection.main);
      if (update.docChanged && isOurs) tell(control);
    }),
    EditorView.domEventHandlers({
      focus: () => void (left = VALUE.get.call(control)),
      blur: () => {
        if (left === VALUE.get.call(control)) return;
        left = VALUE.get.call(control);
        control.dispatchEvent(new Event("change", { bubbles: true }));
      },
    }),
  ];
}

let isTelling = false;

function tell(control) {
  isTelling = true;
  control.dispatchEvent(new InputEvent("input", { bubbles: true }));
  isTelling = false;
}

function select(control, { from: start, to: end }) {
  PLAIN.setSelectionRange.call(control, start, end);
  control.dispatchEvent(new CustomEvent("selection:changed", { bubbles: true, detail: { start, end } }));
}

// What other modules do to the textarea is done to the editor too.
export function mirrorFrom(control, view) {
  const follow = (act) =>
    function (...given) {
      act.apply(control, given);
      takeOver(control, view);
    };
  Object.defineProperty(control, "value", { configurable: true, get: VALUE.get, set: follow(VALUE.set) });
  control.setRangeText = follow(PLAIN.setRangeText);
  control.setSelectionRange = follow(PLAIN.setSelectionRange);
  control.select = () => control.setSelectionRange(0, control.value.length);
  control.addEventListener("input", () => isTelling || takeOver(control, view));
  control.addEventListener("mousedown", (event) => {
    event.preventDefault();
    view.focus();
  });
  control.addEventListener("focus", () => {
    takeOver(control, view);
    view.focus();
  });
}

function takeOver(control, view) {
  const text = VALUE.get.call(control);
  const { selectionStart: anchor, selectionEnd: head } = control;
  const { main } = view.state.selection;
  const changes = difference(view.state.doc.toString(), text);
  if (!changes && main.from === anchor && main.to === head) return;
  view.dispatch({
    changes: changes ?? [],
    selection: { anchor, head },
    annotations: [fromControl.of(true), Transaction.userEvent.of("input")],
  });
}

function difference(old, text) {
  if (old === text) return null;
  const most = Math.min(old.length, text.length);
  let from = 0;
  while (from < most && old[from] === text[from]) from++;
  let tail = 0;
  while (tail < most - from && old[old.length - 1 - tail] === text[text.length - 1 - tail]) tail++;
  return { from, to: old.length - tail, insert: text.slice(from, text.length - tail) };
}
