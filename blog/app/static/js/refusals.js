// When the server refuses, its words are shown in #notice and nothing else on the page changes.
document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  const notice = document.getElementById("notice");
  if (!notice) return;
  Object.assign(ctx, { target: notice, swap: "innerHTML", select: null, selectOOB: null, replace: null, push: null });
  requestAnimationFrame(() => notice.scrollIntoView({ block: "center" }));
});

document.addEventListener("htmx:before:request", () => {
  document.getElementById("notice")?.replaceChildren();
});
