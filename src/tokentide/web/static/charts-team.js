// A team's charts: what is drawn of a report stands in the options, so that one kind serves all pages.
// `rows` names a list of the report, `x` what each row is called by; `series` are keys of a row, or rows are told apart
// by `by` and hold one `value`. A key may lead inwards: `duration.p95_ms`; or be a difference: `all_usd - some_usd`.
import { kind, shortName, unique } from "./charts.js";

const MOST_SERIES = 8;
const UNITS = {
  money: { axis: { tickprefix: "$" }, hover: "$,.2f" },
  count: { axis: { tickformat: "~s" }, hover: ",.0f" },
  hours: { axis: { ticksuffix: " h" }, hover: ",.1f", end: " h", factor: 1 / 3600 },
  seconds: { axis: { ticksuffix: " s" }, hover: ",.2f", end: " s", factor: 1 / 1000 },
  share: { axis: { ticksuffix: " %", range: [0, 101] }, hover: ".1f", end: " %", factor: 100 },
};
const LYING_MOST = 15; // bars below each other that can still be read
const BAR_HEIGHT = 26; // pixels, with what is between two
const AROUND_BARS = 60; // pixels of axis and margins; a legend's line beside

kind("team", (report, options, look) => {
  const rows = (at(report, options.rows) ?? []).filter((row) => Object.entries(options.only ?? {}).every(([name, value]) => row[name] === value));
  const series = (options.by ? split(rows, options, look) : columns(rows, options, look)).filter((each) => each.y.some((value) => value));
  if (!series.length) return null;
  return options.shape === "lying" ? lying(series, options) : upright(series, options);
});

const at = (row, path) => path.split(".").reduce((value, name) => value?.[name], row);

/** A number out of a row, in the unit that is shown; nothing stays nothing. */
function figure(row, key, unit) {
  const [value, less] = key.split(" - ").map((name) => at(row, name));
  return value === null || value === undefined ? null : (value - (less ?? 0)) * (UNITS[unit].factor ?? 1);
}

/** Each key of `series` as a line of its own. */
function columns(rows, { x, series, unit, names = {} }, look) {
  const labels = rows.map((row) => label(row, x, names));
  return series.map(([key, name], index) => ({ name, color: look.series[index % MOST_SERIES], x: labels, y: rows.map((row) => figure(row, key, unit)) }));
}

/** Rows that differ in `by` as lines of their own, the heaviest first; those that have no colour together. */
function split(rows, { x, by, value, unit, stack, names = {} }, look) {
  const weights = new Map();
  for (const row of rows) weights.set(row[by], (weights.get(row[by]) ?? 0) + (figure(row, value, unit) ?? 0));
  const parts = [...weights].sort(([, a], [, b]) => b - a).map(([name]) => name);
  const shown = parts.slice(0, MOST_SERIES);
  const labels = [...new Set(rows.map((row) => row[x]))].sort();
  const made = shown.map((part, index) => ({ name: names[part] || (part ? shortName(part) : "(not told)"), color: look.series[index], x: labels, y: sums(rows.filter((row) => row[by] === part), labels, { x, value, unit }) }));
  const others = rows.filter((row) => !shown.includes(row[by]));
  if (others.length && stack) made.push({ name: "all others", color: look.rest, x: labels, y: sums(others, labels, { x, value, unit }) });
  return made;
}

function sums(rows, labels, { x, value, unit }) {
  const found = new Map();
  for (const row of rows) {
    const one = figure(row, value, unit);
    if (one !== null) found.set(row[x], (found.get(row[x]) ?? 0) + one);
  }
  return labels.map((name) => found.get(name) ?? null);
}

const label = (row, x, names) => names[row[x]] || row[x] || "(not told)";

function upright(series, options) {
  const unit = UNITS[options.unit];
  const isLine = options.shape === "line";
  const stack = options.stack ?? false;
  const data = series.map(({ name, color, x, y }) => ({
    name, x, y, hovertemplate: `%{y:${unit.hover}}${unit.end ?? ""}`,
    ...(isLine ? { type: "scatter", mode: x.length > 1 ? "lines" : "markers", line: { color, width: 2 }, marker: { color, size: 8 } } : { type: "bar", marker: { color } }),
  }));
  const single = series[0].x.length === 1;
  const xaxis = options.is_time && !single ? { type: "date", hoverformat: "%a %-d %b %Y" } : { type: "category", ...(single ? { range: [-2.5, 2.5] } : {}) };
  return { data, layout: { barmode: stack ? "stack" : "group", showlegend: series.length > 1, xaxis, yaxis: { rangemode: "tozero", ...unit.axis } } };
}

/** The bars in the order of how long they are, all parts together. */
function longestFirst(series) {
  const total = (index) => series.reduce((sum, { y }) => sum + (y[index] ?? 0), 0);
  const order = series[0].x.map((_, index) => index).sort((one, other) => total(other) - total(one));
  return series.map((each) => ({ ...each, x: order.map((index) => each.x[index]), y: order.map((index) => each.y[index]) }));
}

function lying(series, options) {
  const unit = UNITS[options.unit];
  const data = (options.is_ordered ? series : longestFirst(series)).map(({ name, color, x, y }) => ({
    type: "bar", orientation: "h", name, y: unique(x.slice(0, LYING_MOST)), x: y.slice(0, LYING_MOST), marker: { color },
    hovertemplate: `%{x:${unit.hover}}${unit.end ?? ""}${series.length > 1 ? "" : "<extra></extra>"}`,
  }));
  return {
    data,
    height: data[0].y.length * BAR_HEIGHT + AROUND_BARS * (series.length > 1 ? 1.4 : 1),
    layout: {
      barmode: options.stack ? "stack" : "group", hovermode: series.length > 1 ? "y unified" : "closest", showlegend: series.length > 1,
      xaxis: { rangemode: "tozero", ...unit.axis }, yaxis: { type: "category", autorange: "reversed", showgrid: false },
    },
  };
}
