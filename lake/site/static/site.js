// Everything can be read without this file: it adds up other days, runners and repositories than
// those that the page was written with, of the cells in cells.js. It asks no network.
"use strict";

const DATA = globalThis.cells;
const TONES = { passed: "passed", failed: "failed", warned: "cancelled or other", nothing: "skipped" };
const LINES = { p50: 0.5, p90: 0.9, p99: 0.99 };
const LINE_NAMES = { p50: "median", p90: "p90", p99: "p99" };
const HEIGHT = 190;
const SVG = "http://www.w3.org/2000/svg";
const MINUTE = 60, HOUR = 3600, DAY = 86400;
const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800,
  ...[1, 2, 3, 6, 12].map((n) => n * HOUR), ...[1, 2, 5, 10, 20, 50, 100, 200, 500, 1000].map((n) => n * DAY)];
const form = document.getElementById("filters");

const number = (value, places = 0) =>
  value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places }).replaceAll(",", "\u202f");

function span(seconds) {
  if (seconds === null) return "\u2013";
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  let minutes = Math.floor(whole / 60);
  if (minutes < 60) return whole % 60 ? `${minutes} min ${String(whole % 60).padStart(2, "0")} s` : `${minutes} min`;
  let hours = Math.floor(minutes / 60);
  minutes %= 60;
  if (hours < 48) return minutes ? `${hours} h ${String(minutes).padStart(2, "0")} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} d ${hours % 24} h`;
}

function dayName(text) {
  const day = new Date(`${text}T00:00:00Z`);
  const part = (options) => day.toLocaleDateString("en-GB", { timeZone: "UTC", ...options });
  return { label: `${day.getUTCDate()} ${part({ month: "short" }).slice(0, 3)}`, name: `${part({ weekday: "short" })} ${day.getUTCDate()} ${part({ month: "short" }).slice(0, 3)}` };
}

// Seconds up to 25 have a bucket each; above, a bucket ends 8% after its begin.
const middle = (bucket) => (bucket < 25 ? bucket : 25 * 1.08 ** (bucket - 25 + 0.5));

function percentile(counts, share) {
  const buckets = [...counts.keys()].sort((a, b) => a - b);
  let rank = Math.ceil(share * buckets.reduce((sum, bucket) => sum + counts.get(bucket), 0) - 1e-9);
  for (const bucket of buckets) {
    rank -= counts.get(bucket);
    if (rank <= 0) return middle(bucket);
  }
  return null;
}

function addPairs(counts, pairs) {
  for (let at = 0; at < pairs.length; at += 2) counts.set(pairs[at], (counts.get(pairs[at]) || 0) + pairs[at + 1]);
}

function addRow(sums, key, row, begin) {
  if (!sums.has(key)) sums.set(key, [0, 0, 0, 0, 0]);
  const sum = sums.get(key);
  for (let at = 0; at < 5; at++) sum[at] += row[begin + at];
}

// What the filters choose, added up.
function addUp(chosen) {
  const days = chosen.until - chosen.since + 1;
  const has = (row) => row[0] >= chosen.since && row[0] <= chosen.until && chosen.runner.has(row[1]) && chosen.repository.has(row[2]);
  const figures = { runs: {}, tables: {}, waits: [], times: [], wait: new Map(), time: new Map() };
  for (const tone in TONES) figures.runs[tone] = new Array(days).fill(0);
  const allRunners = chosen.runner.size === DATA.names.runner.length;
  const sets = DATA.sets.map((runners) => allRunners || runners.some((runner) => chosen.runner.has(runner)));
  for (const [day, repository, set, tone, count] of DATA.runs) {
    if (day >= chosen.since && day <= chosen.until && chosen.repository.has(repository) && sets[set]) figures.runs[tone][day - chosen.since] += count;
  }
  for (let day = 0; day < days; day++) {
    figures.waits.push(new Map());
    figures.times.push(new Map());
  }
  const runner = new Map(), repository = new Map();
  for (const row of DATA.cells.filter(has)) {
    addRow(runner, row[1], row, 3);
    addRow(repository, row[2], row, 3);
    addPairs(figures.waits[row[0] - chosen.since], row[8]);
    addPairs(figures.times[row[0] - chosen.since], row[9]);
    addPairs(figures.wait, row[8]);
    addPairs(figures.time, row[9]);
  }
  figures.tables = { runner, repository };
  for (const sort in DATA.by) {
    figures.tables[sort] = new Map();
    for (const row of DATA.by[sort].filter(has)) addRow(figures.tables[sort], row[3], row, 4);
  }
  return figures;
}

function element(name, attributes, text) {
  const made = document.createElementNS(SVG, name);
  for (const key in attributes) made.setAttribute(key, attributes[key]);
  if (text !== undefined) made.textContent = text;
  return made;
}

function roundUp(most) {
  if (most < 10) return Math.max(2, Math.ceil(most / 2) * 2);
  const size = 10 ** Math.floor(Math.log10(most));
  return [1, 1.2, 1.6, 2, 3, 4, 5, 6, 8, 10].map((step) => step * size).find((top) => top >= most);
}

function spanAxis(values) {
  const most = Math.max(1, ...values);
  const least = Math.min(...values.filter((value) => value >= 1), most);
  if (most / least < 8) {
    const step = STEPS.find((one) => one * 5 >= most) || STEPS.at(-1);
    const count = Math.ceil(most / step);
    return { ticks: Array.from({ length: count + 1 }, (_, at) => at * step), share: (seconds) => Math.min(seconds / (count * step), 1) };
  }
  const low = STEPS.findLast((one) => one <= least) || 1;
  const high = STEPS.find((one) => one >= most) || Math.ceil(most);
  const between = STEPS.filter((one) => one >= low && one < high);
  const every = Math.max(1, Math.ceil(between.length / 5));
  return {
    ticks: [...between.filter((_, at) => at % every === 0), high],
    share: (seconds) => Math.min(Math.log(Math.max(seconds, low) / low) / Math.log(high / low), 1),
  };
}

// The same picture as the one that the page was written with.
function draw(id, label, points, ticks, shapes, texts) {
  const scale = element("svg", { class: "scale", width: 74, height: HEIGHT + 30, "aria-hidden": "true" });
  const plot = element("svg", { class: "plot", width: "100%", height: HEIGHT + 30, role: "img", "aria-label": label });
  const inner = element("svg", { y: 8, width: "100%", height: HEIGHT + 22, overflow: "visible" });
  for (const tick of ticks) {
    scale.append(element("text", { x: 66, y: tick.at + 12, "text-anchor": "end" }, tick.label));
    inner.append(element("line", { class: "grid", x1: 0, x2: "100%", y1: tick.at, y2: tick.at }));
  }
  const paths = element("svg", { width: "100%", height: HEIGHT, viewBox: `0 0 100 ${HEIGHT}`, preserveAspectRatio: "none", overflow: "visible" });
  for (const [kind, tone, path] of shapes) paths.append(element("path", { class: `${kind} ${tone}`, d: path }));
  inner.append(paths);
  const width = 100 / points.length;
  const step = Math.max(1, Math.ceil(points.length / 8));
  points.forEach((point, at) => {
    const fromEnd = (points.length - 1 - at) / step;
    if (Number.isInteger(fromEnd)) {
      const middle = at * width + width / 2;
      const place = middle > 95 ? { x: "100%", "text-anchor": "end" } : { x: `${middle}%`, "text-anchor": "middle" };
      inner.append(element("text", { class: fromEnd % 2 ? "minor" : "", ...place, y: HEIGHT + 18 }, point.label));
    }
  });
  points.forEach((point, at) => {
    const column = element("rect", { class: "hover", x: `${at * width}%`, width: `${width}%`, y: 0, height: HEIGHT });
    column.append(element("title", {}, `${point.name}: ${texts[at]}`));
    inner.append(column);
  });
  plot.append(inner);
  const chart = document.createElement("div");
  chart.className = "chart";
  chart.append(scale, plot);
  document.getElementById(id).replaceChildren(chart);
}

function drawRuns(points, runs) {
  const totals = points.map((_, at) => Object.values(runs).reduce((sum, values) => sum + values[at], 0));
  const top = roundUp(Math.max(0, ...totals));
  const width = 100 / points.length;
  const floors = points.map(() => HEIGHT);
  const shapes = Object.entries(runs).map(([tone, values]) => {
    let path = "";
    values.forEach((value, at) => {
      if (!value) return;
      const height = (value / top) * HEIGHT;
      floors[at] -= height;
      path += `M${at * width + width * 0.14} ${floors[at]}h${width * 0.72}v${height}h-${width * 0.72}z`;
    });
    return ["fill", tone, path];
  });
  const texts = points.map((_, at) => Object.entries(runs).filter(([, values]) => values[at]).map(([tone, values]) => `${values[at]} ${TONES[tone]}`).join(", ") || "no runs");
  const ticks = [0, 0.5, 1].map((share) => ({ at: HEIGHT - share * HEIGHT, label: number(top * share) }));
  draw("runs-chart", "Runs per day by how they ended", points, ticks, shapes, texts);
}

function drawLines(id, label, points, days) {
  const series = Object.fromEntries(Object.entries(LINES).map(([name, share]) => [name, days.map((counts) => percentile(counts, share))]));
  const axis = spanAxis(Object.values(series).flat().filter((value) => value !== null));
  const width = 100 / points.length;
  const shapes = [];
  for (const [name, values] of Object.entries(series)) {
    let line = "", dot = "", last = null;
    values.forEach((value, at) => {
      if (value !== null) {
        const place = `${at * width + width / 2} ${HEIGHT - axis.share(value) * HEIGHT}`;
        line += `${last === null ? "M" : "L"}${place}`;
        dot += `M${place}h0`;
      }
      last = value;
    });
    shapes.push(["stroke", name, line], ["dot", name, dot]);
  }
  const texts = points.map((_, at) => Object.keys(LINES).filter((name) => series[name][at] !== null).map((name) => `${LINE_NAMES[name]} ${span(series[name][at])}`).join(", ") || "no jobs");
  draw(id, label, points, axis.ticks.map((tick) => ({ at: HEIGHT - axis.share(tick) * HEIGHT, label: span(tick) })), shapes, texts);
}

function fillTable(sort, sums) {
  const rows = [...sums].map(([key, sum]) => [DATA.names[sort][key] ?? "all others", ...sum]);
  rows.sort((a, b) => b[3] - a[3] || (a[0] < b[0] ? -1 : 1));
  const body = document.querySelector(`#by-${sort} tbody`);
  body.replaceChildren(...rows.slice(0, 50).map(([name, jobs, failed, seconds, waits, waited]) => {
    const line = document.createElement("tr");
    const first = document.createElement("td");
    const named = document.createElement("span");
    named.className = "named";
    named.textContent = name;
    first.append(named);
    line.append(first);
    for (const text of [number(jobs), `${number((100 * failed) / jobs, 1)} %`, number(seconds / 60), span(seconds / jobs), span(waits ? waited / waits : null)]) {
      const cell = document.createElement("td");
      cell.className = "n";
      cell.textContent = text;
      line.append(cell);
    }
    return line;
  }));
}

function clamp(text, usual) {
  const at = text < DATA.days[0] ? 0 : text > DATA.days.at(-1) ? DATA.days.length - 1 : DATA.days.indexOf(text);
  return at < 0 ? usual : at;
}

function readFilters() {
  const since = clamp(form.elements.since.value, 0);
  const until = Math.max(clamp(form.elements.until.value, DATA.days.length - 1), since);
  const chosen = { since, until };
  for (const choice of form.querySelectorAll(".choice")) {
    const boxes = [...choice.querySelectorAll("input")];
    const checked = boxes.filter((box) => box.checked).map((box) => Number(box.value));
    // None chosen is no filter.
    chosen[choice.dataset.sort] = new Set(checked.length ? checked : boxes.map((box) => Number(box.value)));
    const words = choice.dataset.sort === "runner" ? "runners" : "repositories";
    choice.querySelector("summary").textContent = !checked.length ? `All ${words}` : checked.length === 1 ? nameOf(choice.dataset.sort, checked[0]) : `${checked.length} ${words}`;
  }
  return chosen;
}

const nameOf = (sort, at) => DATA.names[sort][at] ?? "all others";

function show() {
  const chosen = readFilters();
  const figures = addUp(chosen);
  const points = DATA.days.slice(chosen.since, chosen.until + 1).map(dayName);
  document.getElementById("dates").textContent = `${points[0].name} to ${points.at(-1).name}`;
  const whole = [0, 0, 0];
  for (const sum of figures.tables.runner.values()) whole.forEach((_, at) => (whole[at] += sum[at]));
  const tiles = {
    "run-count": number(Object.values(figures.runs).flat().reduce((sum, value) => sum + value, 0)),
    "job-count": number(whole[0]), "failed-count": number(whole[1]), minutes: number(whole[2] / 60),
    wait: span(percentile(figures.wait, 0.5)), time: span(percentile(figures.time, 0.5)),
  };
  for (const id in tiles) document.getElementById(id).textContent = tiles[id];
  drawRuns(points, figures.runs);
  drawLines("waits-chart", "Time for a job to start, percentiles per day", points, figures.waits);
  drawLines("times-chart", "Run time of jobs, percentiles per day", points, figures.times);
  for (const sort in figures.tables) fillTable(sort, figures.tables[sort]);
  // The tables behind the charts are of the days that the page was written with.
  document.body.classList.add("changed");
}

// The choice is in the address: it can be sent.
function remember() {
  const parts = new URLSearchParams({ since: form.elements.since.value, until: form.elements.until.value });
  for (const box of form.querySelectorAll(".choice input:checked")) parts.append(box.name, nameOf(box.name, Number(box.value)));
  history.replaceState(null, "", `#${parts}`);
}

function restore() {
  const parts = new URLSearchParams(location.hash.slice(1));
  for (const name of ["since", "until"]) if (/^\d{4}-\d\d-\d\d$/.test(parts.get(name) || "")) form.elements[name].value = parts.get(name);
  for (const box of form.querySelectorAll(".choice input")) box.checked = parts.getAll(box.name).includes(nameOf(box.name, Number(box.value)));
}

if (form && DATA) {
  for (const choice of form.querySelectorAll(".choice")) {
    const list = document.createElement("div");
    DATA.names[choice.dataset.sort].forEach((name, at) => {
      const label = document.createElement("label");
      const box = document.createElement("input");
      box.type = "checkbox";
      box.name = choice.dataset.sort;
      box.value = at;
      label.append(box, name ?? "all others");
      list.append(label);
    });
    choice.append(list);
  }
  form.hidden = false;
  form.addEventListener("change", () => {
    show();
    remember();
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(() => {
    show();
    history.replaceState(null, "", location.pathname.split("/").at(-1) || "index.html");
  }));
  document.addEventListener("click", (event) => {
    for (const choice of form.querySelectorAll(".choice[open]")) if (!choice.contains(event.target)) choice.open = false;
  });
  addEventListener("hashchange", () => {
    restore();
    show();
  });
  if (location.hash.length > 1) {
    restore();
    show();
  }
}
