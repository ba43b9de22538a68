// <time data-local-time="relative|clock|full">: the server's UTC in the reader's own time and words.
import { attach } from "./attach.js";
import { _ } from "./words.js";

const relative = new Intl.RelativeTimeFormat(document.documentElement.lang, { numeric: "auto", style: "short" });
const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeStyle: "short" });
const date = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium" });
const full = new Intl.DateTimeFormat(document.documentElement.lang, { dateStyle: "medium", timeStyle: "short" });

function words(at, style) {
  if (style === "full") return full.format(at);
  if (style === "clock") return clock.format(at);
  const seconds = (at - Date.now()) / 1000;
  if (Math.abs(seconds) < 45) return seconds > 0 ? _("in a moment") : _("just now");
  if (Math.abs(seconds) < 3570) return relative.format(Math.round(seconds / 60), "minute");
  if (Math.abs(seconds) < 84600) return relative.format(Math.round(seconds / 3600), "hour");
  if (Math.abs(seconds) < 6.5 * 86400) return relative.format(Math.round(seconds / 86400), "day");
  return date.format(at);
}

function show(element) {
  const at = new Date(element.dateTime);
  element.textContent = words(at, element.dataset.localTime);
  element.title = full.format(at);
}

attach("time[data-local-time]", show);
setInterval(() => document.querySelectorAll('time[data-local-time="relative"]').forEach(show), 30_000);
