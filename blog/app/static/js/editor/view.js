// Makes the editor of one textarea and puts it in the textarea's place.
import {
  autocompletion,
  EditorState,
  EditorView,
  history,
  historyKeymap,
  keymap,
  placeholder,
  search,
  searchKeymap,
  standardKeymap,
} from "../../vendor/editor.js";
import { _ } from "../words.js";
import { keysOf } from "./commands.js";
import { look } from "./look.js";
import { mirrorFrom, mirrorTo } from "./mirror.js";
import { paste } from "./paste.js";
import { slash } from "./slash.js";
import { putToolbar } from "./toolbar.js";

export function open(control) {
  const hadFocus = document.activeElement === control;
  const place = document.createElement("div");
  place.className = `editor ${control.className}`;
  control.before(place);
  const view = new EditorView({ parent: place, state: stateOf(control) });
  control.classList.add("under-editor");
  control.tabIndex = -1;
  control.setAttribute("aria-hidden", "true");
  mirrorFrom(control, view);
  putToolbar(control, view, place);
  if (hadFocus) view.focus();
  return view;
}

function stateOf(control) {
  const isMarkdown = control.dataset.editor === "markdown";
  const { selectionStart: anchor, selectionEnd: head } = control;
  return EditorState.create({
    doc: control.value,
    selection: { anchor, head },
    extensions: [
      history(),
      search(),
      autocompletion({ override: [slash(control, isMarkdown)], icons: false, activateOnTypingDelay: 0, interactionDelay: 0 }),
      isMarkdown ? look : [],
      keymap.of([...keysOf(control, isMarkdown), ...searchKeymap, ...historyKeymap, ...standardKeymap]),
      EditorView.lineWrapping,
      typedOver,
      EditorState.phrases.of(PHRASES),
      EditorView.contentAttributes.of(attributesOf(control)),
      placeholder(control.placeholder),
      paste(control, isMarkdown),
      mirrorTo(control),
    ],
  });
}

// What is typed over a selection would get its looks from the browser as a style attribute, which the policy forbids.
const typedOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    if (event.inputType !== "insertText" || !event.data || event.isComposing || view.state.selection.main.empty) return false;
    event.preventDefault();
    view.dispatch(view.state.replaceSelection(event.data), { userEvent: "input.type", scrollIntoView: true });
    return true;
  },
});

const PHRASES = {
  next: _("Next"),
  previous: _("Previous"),
  all: _("Select all"),
  "match case": _("Match case"),
  regexp: _("Pattern"),
  "by word": _("Whole words"),
  replace: _("Replace"),
  "replace all": _("Replace all"),
  close: _("Close"),
};

function attributesOf(control) {
  const label = control.labels[0];
  return {
    ...(label?.id ? { "aria-labelledby": label.id } : { "aria-label": label?.textContent.trim() ?? control.name }),
    spellcheck: "true",
    autocorrect: "on",
    autocapitalize: "sentences",
    lang: languageOf(control),
  };
}

// The reader's own kind of the page's language: en-GB and en-US are spelled by what their browser prefers.
function languageOf(control) {
  const general = control.closest("[lang]").lang;
  return navigator.languages.find((kind) => kind.startsWith(`${general}-`)) ?? general;
}
