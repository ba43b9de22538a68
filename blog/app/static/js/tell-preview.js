// On the page of a post: tells its open previews, in this browser, that something of it was saved.
const post = location.pathname.match(/^\/posts\/(\d+)/)?.[1];
const channel = post && "BroadcastChannel" in window ? new BroadcastChannel(`post ${post}`) : null;

const tell = () => channel?.postMessage("saved");

document.addEventListener("field:saved", tell);
// An accepted suggestion, a moved section: the answer to a form replaced the middle of the page.
document.addEventListener("htmx:after:swap", (event) => {
  if (event.detail.ctx?.request?.method?.toUpperCase() === "POST") tell();
});
