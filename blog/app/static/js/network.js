// Says in words when a partial update could not reach the server; what was typed stays where it is.
import { say } from "./toasts.js";
import { _ } from "./words.js";

document.addEventListener("htmx:error", (event) => {
  if (event.detail.ctx) say(_("The server cannot be reached. Nothing you typed is lost; try again."), "bad");
});
