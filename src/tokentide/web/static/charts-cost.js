// Bars of cost over time, stacked by what it went to.
import { kind, shortName } from "./charts.js";

const MOST_SERIES = 8;

kind("stacked", (report, options, look) => {
  if (!report.rows.length) return null;
  const x = report.rows.map((row) => row[options.key]);
  const parts = report.totals.breakdown.map((part) => part[options.by]);
  const named = parts.slice(0, MOST_SERIES);
  const of = (row, keep) => row.breakdown.filter((part) => keep(part[options.by])).reduce((sum, part) => sum + (part.cost_usd ?? 0), 0);
  const series = named.map((name, index) => [shortName(name), look.series[index], (part) => part === name]);
  if (parts.length > named.length) series.push(["all others", look.rest, (part) => !named.includes(part)]);
  const data = series.map(([name, color, keep]) => ({
    type: "bar", name, x, y: report.rows.map((row) => of(row, keep)), marker: { color }, hovertemplate: "%{y:$,.2f}",
  }));
  return { data, layout: { barmode: "stack", yaxis: { tickprefix: "$", rangemode: "tozero" }, xaxis: { type: "date" }, ...lines(options.lines ?? [], look) } };
});

/** Amounts that one meant to stay below. */
function lines(wanted, look) {
  const color = look.colour("meter-high");
  return {
    shapes: wanted.map((line) => ({ type: "line", xref: "paper", x0: 0, x1: 1, y0: line.usd, y1: line.usd, line: { color, width: 2, dash: "dash" } })),
    annotations: wanted.map((line) => ({ xref: "paper", x: 1, y: line.usd, text: line.label, showarrow: false, xanchor: "right", yanchor: "bottom", font: { color } })),
  };
}
