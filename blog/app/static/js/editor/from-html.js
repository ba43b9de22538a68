// HTML of a clipboard -> Markdown: headings, bold, italic, links, lists, tables; nothing that runs, tracks or looks.
import { TurndownService } from "../../vendor/editor.js";
import { tidy } from "./tidy.js";

const SAID = "h1,h2,h3,h4,h5,h6,b,strong,i,em,a[href],ul,ol,li,table,blockquote,pre,code,del,s,hr,img";
const ADDRESS = /^(https?:\/\/|mailto:)/i;

const service = new TurndownService({
  headingStyle: "atx",
  bulletListMarker: "-",
  codeBlockStyle: "fenced",
  emDelimiter: "_",
  hr: "---",
});
service.remove(["script", "style", "title", "head", "meta", "link", "noscript", "iframe", "object", "template"]);
service.addRule("address", { filter: "a", replacement: linked });
service.addRule("picture", { filter: "img", replacement: (_, image) => pictured(image) });
service.addRule("table", { filter: "table", replacement: (_, table) => tabled(table) });
service.addRule("item", { filter: "li", replacement: itemed });
service.addRule("heading", { filter: ["h1", "h2", "h3", "h4", "h5", "h6"], replacement: headed });

// None: there is no more in it than its plain text says.
export function toMarkdown(html) {
  const body = tidy(html);
  if (!body.querySelector(SAID)) return null;
  return service.turndown(body).replace(/\u00a0/g, " ").replace(/[ \t]+$/gm, "").trim();
}

function linked(content, link) {
  const address = link.getAttribute("href") ?? "";
  if (!content.trim() || !ADDRESS.test(address)) return content;
  return `[${content}](${escaped(address)})`;
}

function pictured(image) {
  const address = image.getAttribute("src") ?? "";
  const isSmall = [image.getAttribute("width"), image.getAttribute("height")].some((size) => size !== null && parseInt(size, 10) <= 3);
  const alt = (image.getAttribute("alt") ?? "").replace(/[\[\]\n]/g, " ").trim();
  return !/^https:\/\//i.test(address) || isSmall || !alt ? "" : `![${alt}](${escaped(address)})`;
}

const escaped = (address) => address.replace(/[()\s<>]/g, (sign) => `%${sign.charCodeAt(0).toString(16)}`);

function headed(content, heading) {
  const words = content.trim().replace(/\s*\n+\s*/g, " ");
  return words ? `\n\n${"#".repeat(Number(heading.nodeName[1]))} ${words}\n\n` : "";
}

function itemed(content, item) {
  const list = item.parentNode;
  const at = [...list.children].filter((each) => each.nodeName === "LI").indexOf(item);
  const mark = list.nodeName === "OL" ? `${Number(list.getAttribute("start") ?? 1) + at}. ` : "- ";
  const text = content.trim().replace(/\n{2,}/g, "\n").replace(/\n/g, `\n${" ".repeat(mark.length)}`);
  return text ? `${mark}${text}${item.nextSibling ? "\n" : ""}` : "";
}

function tabled(table) {
  const rows = [...table.rows].map((row) => [...row.cells].map(celled)).filter((row) => row.some(Boolean));
  const width = Math.max(0, ...rows.map((row) => row.length));
  if (width < 2) return `\n\n${rows.flat().join("\n\n")}\n\n`;
  const line = (cells) => `| ${Array.from({ length: width }, (_, at) => cells[at] ?? "").join(" | ")} |`;
  const [head, ...body] = rows;
  return `\n\n${[line(head), line(Array(width).fill("---")), ...body.map(line)].join("\n")}\n\n`;
}

const celled = (cell) => service.turndown(cell.cloneNode(true)).replace(/\s*\n+\s*/g, " ").replace(/\|/g, "\\|").trim();
