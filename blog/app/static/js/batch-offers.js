// #batches [data-step]: what a step of a batch brings is shown in the card of its field as it comes. The page came with
// what the first answer tells, so only what differs from it later is fetched.
let known;

document.addEventListener("htmx:after:swap", ({ detail }) => {
  const batches = document.getElementById("batches");
  if (!batches || detail.ctx.target !== batches) return;
  const before = known?.of === batches ? known : undefined;
  known = { of: batches, steps: new Map() };
  for (const step of batches.querySelectorAll("[data-step]")) {
    known.steps.set(step.dataset.step, step.dataset.now);
    if (before && before.steps.get(step.dataset.step) !== step.dataset.now) show(step.dataset);
  }
});

function show({ field, offers }) {
  const target = document.getElementById(`offers-${field}`);
  if (target) htmx.ajax("GET", offers, { source: target, target, swap: "outerHTML" });
}
