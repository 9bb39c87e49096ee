// Insight: shares as bars, growth of a context, causes as a waterfall, scenarios beside what was.
import { amountTemplate, kind, localTime, shortName, summed, unique } from "./charts.js";

const OVER_TIME = { hovermode: "closest", xaxis: { type: "category" }, yaxis: { tickprefix: "$", rangemode: "tozero" } };
const LYING = { hovermode: "closest", yaxis: { type: "category", autorange: "reversed", showgrid: false } };
/** Bars that lie leave names room, on a phone too. */

kind("breakdown", (report, options, look) => {
  const { by, rows } = report.breakdowns[0];
  if (!rows.length) return null;
  const shown = options.is_time ? rows : rows.slice(0, options.bars);
  const names = options.is_time ? rows.map((row) => row.key) : options.names;
  const labels = unique(names);
  const along = (y) => (options.is_time ? { x: labels, y } : { orientation: "h", y: labels, x: y });
  const value = options.is_time ? "y" : "x";
  const layout = options.is_time ? OVER_TIME : { ...LYING, xaxis: { tickprefix: "$", rangemode: "tozero" } };
  if (by.length === 1) {
    const bars = { type: "bar", ...along(shown.map((row) => row.cost_usd)), marker: { color: look.series[0] }, hovertemplate: shown.map((row) => `${amountTemplate(row, value, look)}<extra></extra>`) };
    return { data: [bars], layout };
  }
  const weight = new Map();
  for (const row of shown) for (const part of row.parts) weight.set(part.key, (weight.get(part.key) ?? 0) + part.cost_usd);
  const parts = [...weight].sort(([, a], [, b]) => b - a).map(([key]) => key);
  const named = parts.slice(0, look.series.length);
  const series = named.map((name, index) => [short(name), look.series[index], (key) => key === name]);
  if (parts.length > named.length) series.push(["all others", look.rest, (key) => !named.includes(key)]);
  const data = series.map(([name, color, keep]) => {
    const sums = shown.map((row) => summed(row.parts.filter((part) => keep(part.key))));
    return { type: "bar", name, ...along(sums.map((sum) => sum.cost_usd)), marker: { color }, hovertemplate: sums.map((sum) => amountTemplate(sum, value, look)) };
  });
  return { data, layout: { ...layout, barmode: "stack", hovermode: options.is_time ? "x unified" : "y unified" } };
});

kind("context-growth", (report, options, look) => {
  const growth = report.growth ?? [];
  if (growth.length < 2) return null;
  const x = growth.map((_, index) => index + 1);
  const colour = look.colour("meter-high");
  const marks = growth.flatMap((each, index) => (each.compacted ? [index + 1] : []));
  const line = (shape) => ({ type: "line", line: { color: colour, width: 1, dash: "dash" }, ...shape });
  return {
    data: [{
      type: "scatter", mode: "lines", line: { shape: "hv", color: look.series[0], width: 2 }, fill: "tozeroy", x,
      y: growth.map((each) => each.prompt_tokens), customdata: growth.map((each) => localTime(each.at, report.timezone)),
      hovertemplate: "request %{x}, %{customdata}: %{y:,} tokens<extra></extra>",
    }],
    layout: {
      hovermode: "closest", yaxis: { rangemode: "tozero", tickformat: "~s" }, xaxis: { title: { text: "request" } },
      shapes: marks.map((at) => line({ x0: at - 0.5, x1: at - 0.5, yref: "paper", y0: 0, y1: 1 })),
    },
  };
});

kind("waterfall", (report, options, look) => {
  const [green, red] = [look.colour("meter-low"), look.colour("meter-full")];
  const steps = report.causes.map((each) => each.difference_usd);
  const bases = [];
  steps.reduce((level, step) => { bases.push(level); return level + step; }, report.a.cost_usd);
  const whole = look.series[0];
  const names = unique([`A: ${options.names[0]}`, ...options.titles, `B: ${options.names[1]}`]);
  return {
    data: [{
      type: "bar", orientation: "h", y: names, base: [0, ...bases, 0], x: [report.a.cost_usd, ...steps, report.b.cost_usd],
      marker: { color: [whole, ...steps.map((step) => (step > 0 ? red : green)), whole] },
      text: [dollars(report.a.cost_usd), ...steps.map((step) => (step > 0 ? "+" : "") + dollars(step)), dollars(report.b.cost_usd)],
      textposition: "auto", cliponaxis: false, hoverinfo: "y+text",
    }],
    layout: { ...LYING, showlegend: false, margin: { l: 48, r: 64, t: 8, b: 32 }, xaxis: { tickprefix: "$" } },
  };
});

kind("scenarios", (report, options, look) => {
  const shown = report.scenarios;
  if (!shown.length) return null;
  const [green, red] = [look.colour("meter-low"), look.colour("meter-full")];
  return {
    data: [{
      type: "bar", orientation: "h", y: unique(options.titles), x: shown.map((each) => each.difference_usd),
      marker: { color: shown.map((each) => (each.difference_usd > 0 ? red : green)) },
      text: shown.map((each) => (each.difference_usd > 0 ? "+" : "") + dollars(each.difference_usd)),
      textposition: "outside", cliponaxis: false, hoverinfo: "y+text",
    }],
    layout: { ...LYING, xaxis: { tickprefix: "$", range: roomy(shown.map((each) => each.difference_usd)) } },
  };
});

/** Both ends of an axis, with room for the amounts beside the bars. */
function roomy(amounts) {
  const [low, high] = [Math.min(0, ...amounts), Math.max(0, ...amounts)];
  const room = (high - low) * 0.35 || 1;
  return [low < 0 ? low - room : 0, high > 0 ? high + room : 0];
}

const USD = new Intl.NumberFormat("en-US", { style: "currency", currency: "USD" });
const dollars = (amount) => USD.format(amount);
const short = (name) => shortName(name.split("\t").pop()).slice(0, 40);
