// The dearest rows of a report as bars, the dearest on top: projects, models, branches.
import { kind, shortName } from "./charts.js";

const MOST = 12;

kind("dearest", (report, options, look) => {
  const rows = report.rows.filter((row) => row.cost_usd).slice(0, MOST).reverse();
  if (rows.length < 2) return null;
  const y = rows.map((_, index) => index);
  const data = [{
    type: "bar", orientation: "h", y, x: rows.map((row) => row.cost_usd), marker: { color: look.series[0] },
    texttemplate: "%{x:$,.2f}", textposition: "auto", constraintext: "none", hovertemplate: "%{x:$,.2f}<extra></extra>",
  }];
  const yaxis = { tickvals: y, ticktext: rows.map((row) => shortName(row[options.key])), ticksuffix: " " };
  return { data, layout: { hovermode: "closest", xaxis: { tickprefix: "$", rangemode: "tozero" }, yaxis } };
});
