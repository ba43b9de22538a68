// What the editor of a field takes from npm, bundled to static/vendor/editor.js by `npm run vendor`.
import { StyleModule } from "style-mod";

export {
  acceptCompletion, autocompletion, closeCompletion, completionKeymap, completionStatus, startCompletion,
} from "@codemirror/autocomplete";
export { history, historyKeymap, indentLess, indentMore, isolateHistory, redo, standardKeymap, undo } from "@codemirror/commands";
export { deleteMarkupBackward, insertNewlineContinueMarkup, markdownLanguage } from "@codemirror/lang-markdown";
export { syntaxHighlighting, syntaxTree } from "@codemirror/language";
export { closeSearchPanel, openSearchPanel, search, searchKeymap, searchPanelOpen } from "@codemirror/search";
export { Annotation, Compartment, EditorSelection, EditorState, Prec, StateEffect, Transaction } from "@codemirror/state";
export { EditorView, drawSelection, keymap, placeholder, tooltips } from "@codemirror/view";
export { tagHighlighter, tags } from "@lezer/highlight";
export { default as TurndownService } from "turndown";

// The library writes its rules into <style>, which the policy of this site forbids. Sheets that a script makes
// are allowed; in the layer `base` every rule of our own comes after them.
const sheets = new Map();

function sheetOf(module) {
  if (!sheets.has(module)) {
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(`@layer base {${module.getRules()}}`);
    sheets.set(module, sheet);
  }
  return sheets.get(module);
}

StyleModule.mount = (root, modules) => {
  const wanted = [modules].flat().map(sheetOf);
  root.adoptedStyleSheets = [...root.adoptedStyleSheets.filter((sheet) => !wanted.includes(sheet)), ...wanted];
};
