// When the server refuses, its words are shown at the form they belong to and nothing else on the page changes.
// A refusal that comes as a whole page, such as a comparison, is shown like any other page.
const placeFor = (source) =>
  source?.closest?.("[data-card]")?.querySelector("[data-notice]") ?? document.getElementById("notice");

document.addEventListener("htmx:response:error", (event) => {
  const { ctx } = event.detail;
  const notice = placeFor(ctx.sourceElement);
  if (!notice || ctx.text.includes('id="main"')) return;
  Object.assign(ctx, { target: notice, swap: "innerHTML", select: null, selectOOB: null, replace: null, push: null });
  requestAnimationFrame(() => notice.scrollIntoView({ block: "nearest" }));
});

document.addEventListener("htmx:before:request", () => {
  for (const notice of document.querySelectorAll(".notice")) notice.replaceChildren();
});

document.addEventListener("htmx:after:swap", () => {
  document.querySelector("[data-refused]")?.scrollIntoView({ block: "center" });
});
