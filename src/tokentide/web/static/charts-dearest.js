// The dearest rows of a report as bars, the dearest on top: projects, models, branches.
import { amountTemplate, kind, shortName } from "./charts.js";

const MOST = 12;

kind("dearest", (report, options, look) => {
  const rows = report.rows.filter((row) => row.cost_usd).slice(0, MOST).reverse();
  if (rows.length < 2) return null;
  const y = rows.map((_, index) => index);
  const told = rows.map((row) => amountTemplate(row, "x", look));
  const data = [{
    type: "bar", orientation: "h", y, x: rows.map((row) => row.cost_usd), marker: { color: look.series[0] },
    texttemplate: told, textposition: "auto", constraintext: "none", textangle: 0, insidetextfont: { color: look.colour("accent-text") }, cliponaxis: false, hovertemplate: told.map((each) => `${each}<extra></extra>`),
  }];
  const yaxis = { tickvals: y, ticktext: rows.map((row) => options.names?.[row[options.key]] || shortName(row[options.key])), ticksuffix: " " };
  return { data, layout: { hovermode: "closest", xaxis: { tickprefix: "$", rangemode: "tozero" }, yaxis } };
});
