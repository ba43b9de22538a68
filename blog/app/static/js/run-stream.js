// <div data-run-stream="address">: shows a run's text as it comes; says "ended" to itself when it is over.
// A lost connection is taken up again by the browser, behind the last event it has seen.
import { attach } from "./attach.js";

const ANNOUNCED_EVERY = 5000;

attach("[data-run-stream]", (live) => {
  const find = (name) => live.querySelector(`[data-${name}]`);
  const stream = find("text").parentElement;
  const source = new EventSource(live.dataset.runStream);
  let heard = 0;

  const tell = (text) => {
    const pulse = Object.assign(document.createElement("i"), { className: "pulse" });
    find("state").replaceChildren(pulse, ` ${text}`);
  };
  const follow = (box, add) => {
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < 40;
    add();
    if (isAtEnd) box.scrollTop = box.scrollHeight;
  };
  const announce = setInterval(() => {
    const text = find("text").textContent;
    if (text.length > heard) find("announce").textContent = text.slice(heard);
    heard = text.length;
  }, ANNOUNCED_EVERY);
  const close = () => {
    source.close();
    clearInterval(announce);
  };

  const on = (kind, handle) =>
    source.addEventListener(kind, (event) => (live.isConnected ? handle(JSON.parse(event.data)) : close()));
  on("started", () => {
    find("text").replaceChildren();
    find("reasoning-text").replaceChildren();
    tell("writing…");
  });
  on("text", ({ text }) => follow(stream, () => find("text").append(find("text").firstChild ? text : text.trimStart())));
  on("reasoning", ({ text }) => {
    find("reasoning").hidden = false;
    follow(find("reasoning-text"), () => find("reasoning-text").append(text));
  });
  on("done", () => {
    close();
    find("state").textContent = "done, checking…";
    htmx.trigger(live, "ended");
  });
  source.addEventListener("error", () => {
    if (!live.isConnected) close();
    else if (source.readyState === EventSource.CLOSED) setTimeout(() => htmx.trigger(live, "ended"), 3000);
    else tell("connection lost, reconnecting…");
  });
  source.addEventListener("open", () => tell(find("text").textContent ? "writing…" : "waiting for a worker…"));
  window.addEventListener("pagehide", close);
});
