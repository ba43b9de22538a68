// What word processors put on a clipboard, as plain HTML that says what was meant. It is parsed in a document of its
// own, where nothing runs and nothing is loaded.
import { wordLists } from "./word-lists.js";

const BLOCKS = "p,div,h1,h2,h3,h4,h5,h6,li,td,th,blockquote";

export function tidy(html) {
  const body = parsed(html).body;
  for (const gone of body.querySelectorAll("script, style, meta, link, title, xml, br.Apple-interchange-newline")) gone.remove();
  wordLists(body, styleOf);
  for (const heading of body.querySelectorAll("p.MsoTitle, p.MsoSubtitle")) rename(heading, "h1");
  for (const gap of body.querySelectorAll(":is(p, div, h1, h2, h3, ul, ol, table) + br")) gap.remove();
  nestLists(body);
  for (const element of body.querySelectorAll("span, b, strong, i, em, font")) weigh(element);
  for (const bold of body.querySelectorAll(":is(h1,h2,h3,h4,h5,h6) :is(b,strong), a[name]:not([href]), o\\:p")) unwrap(bold);
  for (const paragraph of body.querySelectorAll("li > p:only-child, td > p:only-child, th > p:only-child")) unwrap(paragraph);
  for (const link of body.querySelectorAll("a[href]")) link.setAttribute("href", straight(link.getAttribute("href")));
  return body;
}

// What styles would be refused by the policy of this page, and reported, though it is never shown.
function parsed(html) {
  const bare = html.replace(/<style\b[\s\S]*?(<\/style\s*>|$)/gi, "");
  const told = bare.replace(/<[a-z][^<>]*>/gi, (tag) => tag.replace(/\sstyle\s*=/gi, " data-style="));
  return new DOMParser().parseFromString(told, "text/html");
}

export const styleOf = (element) => element.dataset?.style?.toLowerCase().replace(/\s*:\s*/g, ":") ?? "";

// Bold that is switched off is none; bold that is only a style is said with an element.
function weigh(element) {
  const style = styleOf(element);
  const isBold = element.matches("b, strong");
  const isItalic = element.matches("i, em");
  if (isBold && /(^|[;\s])font-weight:(normal|400)/.test(style)) return unwrap(element);
  if (isItalic && /(^|[;\s])font-style:normal/.test(style)) return unwrap(element);
  if (isBold || isItalic) return;
  if (/(^|[;\s])font-weight:(bold|[6-9]00)/.test(style)) wrap(element, "strong");
  if (/(^|[;\s])font-style:italic/.test(style)) wrap(element, "em");
  if (/text-decoration:line-through/.test(style)) wrap(element, "del");
  if (!element.querySelector(BLOCKS)) unwrap(element);
}

// Google Docs puts a list within a list beside the item it belongs to.
function nestLists(body) {
  for (const inner of body.querySelectorAll(":is(ul, ol) > :is(ul, ol)")) inner.previousElementSibling?.append(inner);
}

function straight(address) {
  const found = /^https?:\/\/www\.google\.com\/url\?(.*)$/.exec(address);
  return (found && new URLSearchParams(found[1]).get("q")) ?? address;
}

function wrap(element, name) {
  if (!element.textContent.trim()) return;
  const around = element.ownerDocument.createElement(name);
  around.append(...element.childNodes);
  element.append(around);
}

const unwrap = (element) => element.replaceWith(...element.childNodes);

function rename(element, name) {
  const named = element.ownerDocument.createElement(name);
  named.append(...element.childNodes);
  element.replaceWith(named);
}
