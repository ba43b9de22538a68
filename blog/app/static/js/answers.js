// Where answers of htmx go. One that would replace what the pointer is down on waits until it was let go: the press
// would miss its button. The answer to a form that was sent finds its place though that has come anew meanwhile.
import { isHeld, whenLetGo } from "./let-go.js";

let pressed;
document.addEventListener("pointerdown", (event) => (pressed = event.target), true);

const placeOf = (target) => (typeof target === "string" ? document.querySelector(target) : target);

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  if (!isHeld() || !tasks.some((task) => placeOf(task.target)?.contains(pressed))) return;
  event.preventDefault();
  whenLetGo(() => ctx.target?.isConnected !== false && htmx.swap(ctx));
});

document.addEventListener("htmx:after:request", (event) => {
  const { ctx } = event.detail;
  if (ctx.request.method === "GET" || ctx.target?.isConnected !== false || !ctx.target.id) return;
  ctx.target = document.getElementById(ctx.target.id) ?? ctx.target;
});
