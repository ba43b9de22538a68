// data-plots="#table": draws the figures of a table by day or, as data-step says, week. The table stays; without this it is all there is.
const STYLES = [
  { ink: "--ink", dash: [] },
  { ink: "--ink-soft", dash: [5, 4] },
  { ink: "--accent", dash: [2, 3] },
];
const DAY = 86400;

const number = (text) => (text === "" ? null : Number(text));

// The table leaves out days on which nothing ran; a plot shows them as such.
const NOTHING = { runs: "0", unsuccessful: "0", in: "0", out: "0", half: "", most: "", costs: "" };

// A week begins on a Monday; the first one of a period, on its first day.
function following(day, step) {
  const days = step === "week" ? (8 - new Date(day).getUTCDay()) % 7 || 7 : 1;
  return day + days * DAY * 1000;
}

function columns(table, { since, until, step }) {
  const told = new Map([...table.querySelectorAll("tr[data-day]")].map((row) => [row.dataset.day, row.dataset]));
  const rows = [];
  for (let day = Date.parse(since); day <= Date.parse(until); day = following(day, step)) {
    const name = new Date(day).toISOString().slice(0, 10);
    rows.push(told.get(name) ?? { ...NOTHING, day: name });
  }
  const of = (name) => rows.map((row) => number(row[name]));
  const costs = rows.map((row) => new Map(row.costs.split(",").filter(Boolean).map((said) => said.split(" "))));
  const currencies = [...new Set(costs.flatMap((each) => [...each.keys()]))].sort();
  return {
    step,
    days: rows.map((row) => Date.parse(`${row.day}T00:00:00Z`) / 1000),
    runs: [["ended", of("runs")], ["failed or invalid", of("unsuccessful"), "--bad"]],
    tokens: [["in", of("in")], ["out", of("out")]],
    cost: currencies.map((currency) => [currency, costs.map((each) => Number(each.get(currency) ?? 0))]),
    seconds: [["half within", of("half")], ["19 of 20 within", of("most")]],
  };
}

function options(style, lines, width, step) {
  const colour = (name) => style.getPropertyValue(name).trim();
  const axis = { stroke: colour("--ink-soft"), grid: { stroke: colour("--line"), width: 1 }, ticks: { show: false }, font: `11px ${style.fontFamily}` };
  return {
    width,
    height: 170,
    tzDate: (at) => uPlot.tzDate(new Date(at * 1000), "UTC"),
    cursor: { drag: { x: false, y: false } },
    scales: { y: { range: (_, __, most) => [0, most > 0 ? most * 1.08 : 1] } },
    axes: [
      { ...axis, space: 70, incrs: [DAY, 7 * DAY, 28 * DAY, 91 * DAY, 365 * DAY], values: "{YYYY}-{MM}-{DD}" },
      { ...axis, size: 56, values: (_, ticks) => ticks.map((tick) => Intl.NumberFormat("en", { notation: "compact", maximumFractionDigits: 3 }).format(tick)) },
    ],
    series: [
      { label: step === "week" ? "Week from" : "Day", value: "{YYYY}-{MM}-{DD}" },
      ...lines.map(([label, , ink], at) => ({
        label,
        stroke: colour(ink ?? STYLES[at % STYLES.length].ink),
        dash: STYLES[at % STYLES.length].dash,
        width: 1.75,
        points: { size: 4 },
        value: (_, value) => (value === null ? "–" : Intl.NumberFormat("en", { maximumFractionDigits: 4 }).format(value)),
      })),
    ],
  };
}

function draw(place, found) {
  const lines = found[place.dataset.plot];
  place.hidden = lines.length === 0;
  if (place.hidden) return;
  const inner = getComputedStyle(place);
  const width = place.clientWidth - parseFloat(inner.paddingLeft) - parseFloat(inner.paddingRight);
  place.plot?.destroy();
  place.plot = new uPlot(options(inner, lines, width, found.step), [found.days, ...lines.map((line) => line[1])], place);
  place.plot.root.setAttribute("aria-hidden", "true"); // its figures are in the table
}

for (const plots of document.querySelectorAll("[data-plots]")) {
  const found = columns(document.querySelector(plots.dataset.plots), plots.dataset);
  plots.hidden = false;
  const all = () => plots.querySelectorAll("[data-plot]").forEach((place) => draw(place, found));
  all();
  let width = plots.clientWidth;
  new ResizeObserver(() => {
    if (plots.clientWidth === width) return;
    width = plots.clientWidth;
    all();
  }).observe(plots);
  new MutationObserver(all).observe(document.documentElement, { attributeFilter: ["data-theme"] });
  matchMedia("(prefers-color-scheme: light)").addEventListener("change", all);
}
