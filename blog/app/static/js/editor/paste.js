// What is pasted: formatted text becomes Markdown where the field is Markdown, and what would not fit is refused.
import { EditorView } from "../../vendor/editor.js";
import { say } from "../toasts.js";
import { _ } from "../words.js";
import { toMarkdown } from "./from-html.js";

const MOST_HTML = 8_000_000;
const number = new Intl.NumberFormat(document.documentElement.lang);

export function paste(control, isMarkdown) {
  return EditorView.domEventHandlers({
    paste(event, view) {
      const text = textOf(event.clipboardData, isMarkdown);
      if (!text) return false;
      event.preventDefault();
      put(view, text, Number(control.dataset.limit));
      return true;
    },
  });
}

// An editor of code puts its colours on the clipboard: there the plain text is meant.
function textOf(clipboard, isMarkdown) {
  const html = clipboard.getData("text/html");
  const plain = clipboard.getData("text/plain").replace(/\r\n?/g, "\n");
  if (html.length > MOST_HTML) {
    say(_("Pasted without its formatting: that was too much at once."));
    return plain;
  }
  if (!isMarkdown || !html || clipboard.types.includes("vscode-editor-data")) return plain;
  return toMarkdown(html) ?? plain;
}

const tooLong = (length, limit) =>
  _("Not pasted: the field would have %(length)s characters, and holds at most %(limit)s. Paste a part of it.", {
    length: number.format(length),
    limit: number.format(limit),
  });

export function put(view, text, limit) {
  const { from, to } = view.state.selection.main;
  const length = view.state.doc.length - (to - from) + text.length;
  if (length > limit) {
    say(tooLong(length, limit), "bad");
    return;
  }
  view.dispatch(view.state.replaceSelection(text), { userEvent: "input.paste", scrollIntoView: true });
}
