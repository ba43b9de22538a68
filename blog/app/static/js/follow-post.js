// [data-follows-post="id"]: fetched anew when the post is saved in another tab, and when one comes back to this one.
import { _ } from "./words.js";
const reading = () => document.querySelector("[data-follows-post]");
const PAUSE = 150;
let waiting;

function refresh() {
  clearTimeout(waiting);
  waiting = setTimeout(() => htmx.trigger(reading(), "changed"), PAUSE);
}

if ("BroadcastChannel" in window) {
  const channel = new BroadcastChannel(`post ${reading().dataset.followsPost}`);
  channel.addEventListener("message", refresh);
}

// Others write in browsers of their own, which no channel reaches.
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) refresh();
});

document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.sourceEvent?.type !== "changed") return;
  document.getElementById("followed").textContent = _("The preview shows what was just saved.");
});
