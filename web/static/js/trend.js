// Trends by uPlot in the site's time zone: gaps stay gaps, limits are lines, colours follow day and night.
import "./panel.js";
import { civil, say, zone } from "./page.js";

const DAY = 86_400_000;
const POINTS = 600;
const GAP = 3; // times the usual distance of readings: a longer silence is no line

// light-dark() is resolved only on a property that takes a colour.
const probe = document.createElement("i");
probe.hidden = true;
document.body.append(probe);
function resolved(name) {
  probe.style.color = `var(${name})`;
  return getComputedStyle(probe).color;
}

const siteDate = (seconds) => uPlot.tzDate(new Date(seconds * 1e3 + civil), zone);
const stamp = uPlot.fmtDate("{YYYY}-{MM}-{DD} {HH}:{mm}:{ss}");
const AXIS = [
  [86400, "{MM}-{DD}", null, null, null, null, null, null, 1],
  [3600, "{HH}:{mm}", "\n{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
  [60, "{HH}:{mm}", "\n{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
  [1, "{HH}:{mm}:{ss}", "\n{MM}-{DD}", null, "\n{MM}-{DD}", null, null, null, 1],
];

async function readings(point, from, to) {
  const query = new URLSearchParams({ from: new Date(from).toISOString(), to: new Date(to).toISOString(), max_points: POINTS });
  const answer = await fetch(`/api/v1/points/${point}/readings?${query}`);
  if (!answer.ok) throw new Error(answer.status);
  return answer.json();
}

const isUsable = (row) => row.q !== "bad";

// [times s, values] with a null wherever nothing was heard for too long, or what was heard is not usable.
function columns(series, expect, stepped) {
  const rows = series.items.filter((row) => typeof row.v !== "string" && row.v !== null);
  const distances = rows.slice(1).map((row, i) => Date.parse(row.t) - Date.parse(rows[i].t)).sort((a, b) => a - b);
  const usual = distances[Math.floor(distances.length / 2)] ?? 0;
  const gap = Math.max(usual * GAP, expect * 1000 * 1.5, 1000);
  const times = [];
  const values = [];
  for (const row of rows) {
    const at = Date.parse(row.t) / 1000;
    if (!stepped && times.length && (at - times.at(-1)) * 1000 > gap) {
      times.push((times.at(-1) + at) / 2);
      values.push(null);
    }
    times.push(at);
    values.push(isUsable(row) ? Number(row.v) : null);
  }
  return [times, values];
}

// Limit lines, and the moment of the alarm.
function marks(limits, moment) {
  return (plot) => {
    const { ctx, bbox } = plot;
    ctx.save();
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.setLineDash([6 * devicePixelRatio, 5 * devicePixelRatio]);
    for (const { value, priority } of limits) {
      const y = Math.round(plot.valToPos(value, "y", true));
      if (y < bbox.top || y > bbox.top + bbox.height) continue;
      ctx.strokeStyle = resolved(`--${priority}`);
      ctx.beginPath();
      ctx.moveTo(bbox.left, y);
      ctx.lineTo(bbox.left + bbox.width, y);
      ctx.stroke();
    }
    if (moment) {
      const x = Math.round(plot.valToPos(moment / 1000, "x", true));
      ctx.strokeStyle = resolved("--urgent");
      ctx.beginPath();
      ctx.moveTo(x, bbox.top);
      ctx.lineTo(x, bbox.top + bbox.height);
      ctx.stroke();
    }
    ctx.restore();
  };
}

function options(figure, width, from, to) {
  const { unit, name, state, on, off } = figure.dataset;
  const decimals = Number(figure.dataset.decimals ?? 1);
  const limits = JSON.parse(figure.dataset.limits);
  const isState = Boolean(state);
  const word = (value) => (value === null ? "–" : value ? on : off);
  const axis = { stroke: resolved("--dim"), grid: { stroke: resolved("--line"), width: 1 }, ticks: { stroke: resolved("--line"), width: 1 } };
  const reach = limits.map((limit) => limit.value);
  return {
    width,
    height: 200,
    tzDate: siteDate,
    cursor: { drag: { x: false, y: false } },
    scales: {
      x: { range: () => [from / 1000, to / 1000] },
      y: isState ? { range: () => [-0.1, 1.1] } : { range: (_plot, low, high) => uPlot.rangeNum(Math.min(low, ...reach), Math.max(high, ...reach), 0.1, true) },
    },
    axes: [
      { ...axis, values: AXIS },
      { ...axis, size: 64, ...(isState ? { splits: () => [0, 1], values: (_plot, splits) => splits.map(word) } : {}) },
    ],
    series: [
      { label: say("time"), value: (_plot, at) => (at === null ? "" : stamp(siteDate(at))) },
      {
        label: name,
        stroke: resolved("--accent"),
        width: 2,
        points: { size: 5, fill: resolved("--accent") },
        spanGaps: false,
        paths: isState ? uPlot.paths.stepped({ align: 1 }) : undefined,
        value: (_plot, value) => (isState ? word(value) : value === null ? "–" : `${value.toFixed(decimals)} ${unit}`),
      },
    ],
    hooks: { draw: [marks(limits, Number(figure.dataset.mark ?? 0))] },
  };
}

const drawn = new Map(); // figure -> { plot, series, from, to }

function paint(figure) {
  const known = drawn.get(figure);
  const box = figure.querySelector(".plot");
  known.plot?.destroy();
  box.replaceChildren();
  const data = columns(known.series, Number(figure.dataset.expect ?? 0), Boolean(figure.dataset.state));
  figure.querySelector(".left-out").hidden = known.series.items.every(isUsable);
  if (data[1].every((value) => value === null)) {
    const none = document.createElement("p");
    none.className = "empty";
    none.textContent = say("no_data");
    box.append(none);
    return;
  }
  known.plot = new uPlot(options(figure, box.clientWidth, known.from, known.to), data, box);
}

async function load(figure, from, to) {
  drawn.set(figure, { ...drawn.get(figure), series: await readings(figure.dataset.point, from, to), from, to });
  paint(figure);
}

const figures = [...document.querySelectorAll(".chart")];

function show(days) {
  const to = Date.now();
  for (const figure of figures) {
    if (figure.dataset.from) load(figure, Date.parse(figure.dataset.from), Date.parse(figure.dataset.to));
    else load(figure, to - days * DAY, to);
  }
}

for (const figure of figures) {
  const box = document.createElement("div");
  box.className = "plot";
  box.setAttribute("role", "img");
  box.setAttribute("aria-label", `${figure.dataset.name} ${figure.dataset.unit}`);
  const leftOut = document.createElement("p");
  leftOut.className = "left-out";
  leftOut.textContent = say("left_out");
  leftOut.hidden = true;
  figure.append(box, leftOut);
}
for (const button of document.querySelectorAll("[data-days]")) {
  button.addEventListener("click", () => {
    for (const other of document.querySelectorAll("[data-days]")) other.setAttribute("aria-pressed", String(other === button));
    show(Number(button.dataset.days));
  });
}

let width = innerWidth;
addEventListener("resize", () => {
  if (innerWidth === width) return;
  width = innerWidth;
  for (const [figure, { series }] of drawn) if (series) paint(figure);
});
document.addEventListener("panel:theme", () => { for (const figure of drawn.keys()) paint(figure); });
show(1);
