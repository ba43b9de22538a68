// [data-meter]: the count below a field while one types: entries, words, or characters where a limit is near.
import { _, ngettext } from "./words.js";

const number = new Intl.NumberFormat(document.documentElement.lang);

function words(text, meter, most) {
  const length = [...text].length;
  if (!text) return "";
  if (most && (most <= 300 || length > most * 0.8)) {
    return _("%(length)s / %(most)s characters", { length: number.format(length), most: number.format(most) });
  }
  if (meter.dataset.meter === "entries") {
    const count = text.split("\n").filter((line) => line.trim()).length;
    return ngettext("%(n)s entry", "%(n)s entries", count, { n: number.format(count) });
  }
  const count = text.split(/\s+/).filter(Boolean).length;
  return ngettext("%(n)s word", "%(n)s words", count, { n: number.format(count) });
}

document.addEventListener("input", (event) => {
  const meter = event.target.form?.querySelector("[data-meter]");
  if (!meter || event.target.name !== "value") return;
  const most = Number(meter.dataset.most ?? 0);
  const length = [...event.target.value].length;
  meter.textContent = words(event.target.value, meter, most);
  meter.classList.toggle("over", most > 0 && length > most);
  meter.classList.toggle("ok", most > 0 && most <= 300 && length > 0 && length <= most);
});
