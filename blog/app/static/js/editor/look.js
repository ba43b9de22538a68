// How Markdown looks while it is written: headings larger, bold bold, links underlined, its marks quiet.
import { markdownLanguage, syntaxHighlighting, tagHighlighter, tags } from "../../vendor/editor.js";

const CLASSES = [
  [tags.heading1, "md-h1"],
  [tags.heading2, "md-h2"],
  [tags.heading3, "md-h3"],
  [[tags.heading4, tags.heading5, tags.heading6], "md-h4"],
  [tags.strong, "md-strong"],
  [tags.emphasis, "md-em"],
  [tags.strikethrough, "md-struck"],
  [tags.link, "md-link"],
  [tags.url, "md-url"],
  [tags.monospace, "md-code"],
  [tags.quote, "md-quote"],
  [[tags.processingInstruction, tags.contentSeparator], "md-mark"],
];

export const look = [
  markdownLanguage.extension,
  syntaxHighlighting(tagHighlighter(CLASSES.map(([tag, name]) => ({ tag, class: name })))),
];
