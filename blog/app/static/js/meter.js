// [data-meter]: the count below a field while one types: words or entries, and characters against the field's limit.
import { _, ngettext } from "./words.js";

const number = new Intl.NumberFormat(document.documentElement.lang);

const LONG = 20_000;
const GAP = 150;
const SHORT_LIMIT = 300;
const waiting = new WeakMap();

function units(text, unit) {
  if (unit === "entries") {
    const count = text.split("\n").filter((line) => line.trim()).length;
    return ngettext("%(n)s entry", "%(n)s entries", count, { n: number.format(count) });
  }
  if (unit !== "words") return "";
  const count = text.match(/\S+/g)?.length ?? 0;
  return ngettext("%(n)s word", "%(n)s words", count, { n: number.format(count) });
}

// As the server counts: a sign beyond the first 65,536 is one.
const lengthOf = (text) => text.length - (text.match(/[\ud800-\udbff][\udc00-\udfff]/g)?.length ?? 0);

function tell(meter, text) {
  const most = Number(meter.dataset.most ?? 0);
  const length = most ? lengthOf(text) : 0;
  const said = [most && most <= SHORT_LIMIT ? "" : units(text, meter.dataset.meter)];
  if (most) said.push(_("%(length)s / %(most)s characters", { length: number.format(length), most: number.format(most) }));
  meter.textContent = text ? said.filter(Boolean).join(" · ") : "";
  meter.classList.toggle("over", most > 0 && length > most);
  meter.classList.toggle("ok", most > 0 && most <= SHORT_LIMIT && length > 0 && length <= most);
}

document.addEventListener("input", ({ target }) => {
  if (target.name !== "value" || !target.form?.querySelector("[data-meter]")) return;
  clearTimeout(waiting.get(target));
  // The answer to a save brings a new meter: it is looked for when it is written.
  const write = () => target.form && tell(target.form.querySelector("[data-meter]"), target.value);
  if (target.value.length < LONG) write();
  else waiting.set(target, setTimeout(write, GAP));
});
