// Bars of cost over time, stacked by what it went to.
import { amountTemplate, kind, shortName, shortened, summed } from "./charts.js";

const MOST_SERIES = 8;
const LABEL_PIXELS = 80; // that the name of a week takes below its bar
const WEEK_MS = 7 * 86400000;

kind("stacked", (report, options, look) => {
  if (!report.rows.length) return null;
  const x = report.rows.map((row) => row[options.key]);
  const parts = report.totals.breakdown.map((part) => part[options.by]);
  const named = parts.slice(0, MOST_SERIES);
  const series = named.map((name, index) => [options.names?.[name] || shortName(name), look.series[index], (part) => part === name]);
  if (parts.length > named.length) series.push(["all others", look.rest, (part) => !named.includes(part)]);
  const { period, xaxis } = along(options.key, x);
  const data = series.map(([name, color, keep]) => {
    const sums = report.rows.map((row) => summed(row.breakdown.filter((part) => keep(part[options.by]))));
    return { type: "bar", name, x, ...period, y: sums.map((sum) => sum.cost_usd), marker: { color }, hovertemplate: sums.map((sum) => amountTemplate(sum, "y", look)) };
  });
  return { data, layout: { barmode: "stack", yaxis: { tickprefix: "$", rangemode: "tozero" }, xaxis, ...lines(options.lines ?? [], look) } };
});

/** Where bars stand: over the whole of their week or month, not around its first day; a single one in the middle. */
function along(key, x) {
  if (x.length === 1) return { xaxis: { type: "category", range: [-2.5, 2.5] } };
  if (key === "month") return { period: { xperiod: "M1", xperiodalignment: "middle", xhoverformat: "%B %Y" }, xaxis: { type: "date", ticklabelmode: "period", tickformat: "%b\n%Y" } };
  if (key !== "week") return { xaxis: { type: "date", hoverformat: "%a %-d %b %Y" } };
  return { period: { xperiod: WEEK_MS, xperiod0: x[0], xperiodalignment: "middle", xhoverformat: "week of %-d %b %Y" }, xaxis: { type: "date", ...weeks(x) } };
}

/** Weeks by their first day, below the middle of their bars. */
function weeks(x) {
  const [first, last] = [Date.parse(x[0]), Date.parse(x.at(-1))];
  const most = Math.max(Math.floor(document.documentElement.clientWidth / LABEL_PIXELS) - 1, 1);
  const step = Math.ceil((last - first) / WEEK_MS / most) * WEEK_MS;
  const starts = [];
  for (let at = first; at <= last; at += step) starts.push(new Date(at));
  const told = (start, index) => {
    const year = index && starts[index - 1].getUTCFullYear() === start.getUTCFullYear() ? "" : `<br>${start.getUTCFullYear()}`;
    return start.toLocaleDateString("en-GB", { month: "short", day: "numeric", timeZone: "UTC" }) + year;
  };
  return { tickvals: starts.map((start) => new Date(start.getTime() + WEEK_MS / 2).toISOString().slice(0, 19)), ticktext: starts.map(told) };
}

/** Amounts that one meant to stay below. */
function lines(wanted, look) {
  const color = look.colour("meter-high");
  return {
    shapes: wanted.map((line) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: line.usd, y1: line.usd, line: { color, width: 2, dash: "dash" } })),
    annotations: wanted.map((line) => ({ xref: "paper", x: 1, y: line.usd, text: line.label, showarrow: false, xanchor: "right", yanchor: "bottom", font: { color } })),
  };
}
