// <div data-run-stream="address">: shows a run's text as it comes; says "ended" to itself when it is over.
// A lost connection is taken up again behind the last event that was seen, or from the beginning.
import { attach } from "./attach.js";
import { _ } from "./words.js";

const ANNOUNCED_EVERY = 5000;
const AGAIN = 2000;

attach("[data-run-stream]", (live) => {
  const find = (name) => live.querySelector(`[data-${name}]`);
  const [text, thought] = [find("text"), find("reasoning-text")];
  let source;
  let heard = 0;

  function tell(says) {
    const pulse = Object.assign(document.createElement("i"), { className: "pulse" });
    find("state").replaceChildren(pulse, ` ${says}`);
  }

  function add(place, box, words) {
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    place.append(place.firstChild ? words : words.trimStart());
    if (isAtEnd) box.scrollTop = box.scrollHeight;
  }

  function clear() {
    text.replaceChildren();
    thought.replaceChildren();
    heard = 0;
    tell(_("writing…"));
  }

  function end() {
    source.close();
    find("state").textContent = _("done, checking…");
    htmx.trigger(live, "ended");
  }

  function think(words) {
    find("reasoning").hidden = false;
    add(thought, thought, words);
  }

  function lose() {
    if (!live.isConnected) return source.close();
    tell(_("connection lost, reconnecting…"));
    if (source.readyState === EventSource.CLOSED) setTimeout(open, AGAIN);
  }

  function open() {
    if (!live.isConnected) return;
    source = new EventSource(live.dataset.runStream);
    const on = (kind, handle) =>
      source.addEventListener(kind, (event) => (live.isConnected ? handle(JSON.parse(event.data)) : source.close()));
    on("started", clear);
    on("text", (data) => add(text, text.parentElement, data.text));
    on("reasoning", (data) => think(data.text));
    on("done", end);
    source.addEventListener("open", () => tell(text.firstChild ? _("writing…") : _("waiting for a worker…")));
    source.addEventListener("error", lose);
  }

  open();
  window.addEventListener("pagehide", () => source.close());
  window.addEventListener("pageshow", (event) => event.persisted && open());
  const announcing = setInterval(() => {
    if (!live.isConnected) return clearInterval(announcing);
    if (text.textContent.length > heard) find("announce").textContent = text.textContent.slice(heard);
    heard = text.textContent.length;
  }, ANNOUNCED_EVERY);
});
