// Windows: where they are heading.
import { kind } from "./charts.js";

kind("fan", (report, _options, look) => {
  const windows = report.accounts.flatMap((account) => account.windows.filter((each) => each.percent !== null && each.resets_at && each.percent_at_reset));
  if (!windows.length) return null;
  const at = report.generated_at;
  const data = windows.flatMap((each, index) => {
    const color = look.series[index % look.series.length];
    const { p10, p50, p90 } = each.percent_at_reset;
    return [
      { type: "scatter", mode: "lines", x: [at, each.resets_at, each.resets_at, at], y: [each.percent, p90, p10, each.percent], fill: "toself", fillcolor: `${color}33`, line: { width: 0 }, hoverinfo: "skip", showlegend: false, legendgroup: each.title },
      { type: "scatter", mode: "lines+markers", name: each.title, legendgroup: each.title, x: [at, each.resets_at], y: [each.percent, p50], line: { color, width: 2 }, hovertemplate: "%{y:.0f} %" },
    ];
  });
  const full = look.colour("meter-full");
  return { data, layout: { yaxis: { ticksuffix: " %", rangemode: "tozero" }, xaxis: { type: "date" }, shapes: [{ type: "line", xref: "paper", x0: 0, x1: 1, y0: 100, y1: 100, line: { color: full, width: 1.5, dash: "dash" } }] } };
});
