// Word writes a list as paragraphs that look like one, each with its mark and level; these become lists.
const LEVEL = /mso-list:[^;]*level(\d+)/;
const ORDERED = /^\(?([0-9]+|[a-z]{1,4})[.)]/i;

export function wordLists(body, styleOf) {
  for (const first of body.querySelectorAll("p, h1, h2, h3, h4, h5, h6")) {
    if (first.isConnected && isItem(first, styleOf) && !isItem(first.previousElementSibling, styleOf)) gather(first, styleOf);
  }
}

const levelOf = (element, styleOf) => Number(LEVEL.exec(styleOf(element))?.[1] ?? 0);
const isItem = (element, styleOf) => element !== null && element.nodeName === "P" && levelOf(element, styleOf) > 0;

function gather(first, styleOf) {
  const paragraphs = [];
  for (let next = first; isItem(next, styleOf); next = next.nextElementSibling) paragraphs.push(next);
  const open = [];
  for (const paragraph of paragraphs) {
    const level = levelOf(paragraph, styleOf);
    const mark = takeMark(paragraph, styleOf);
    while (open.length > level) open.pop();
    while (open.length < level) open.push(begin(open.at(-1), paragraph, ORDERED.test(mark) ? "ol" : "ul"));
    const item = paragraph.ownerDocument.createElement("li");
    item.append(...paragraph.childNodes);
    open.at(-1).append(item);
  }
  for (const paragraph of paragraphs) paragraph.remove();
}

function begin(outer, paragraph, name) {
  const list = paragraph.ownerDocument.createElement(name);
  if (!outer) paragraph.before(list);
  else (outer.lastElementChild ?? outer).append(list);
  return list;
}

// The mark stands in a span of its own: · or 1. with white space in a font of symbols.
function takeMark(paragraph, styleOf) {
  const span = [...paragraph.querySelectorAll("span")].find((each) => styleOf(each).includes("mso-list:ignore"));
  const mark = span?.textContent.trim() ?? "";
  span?.remove();
  return mark;
}
