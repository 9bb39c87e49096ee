// The last hours, a bar every five minutes.
import { kind, localTime } from "./charts.js";

const STEP_MS = 300000; // a bar stands over its five minutes

kind("recent", (report, _options, look) => {
  const { steps } = report;
  if (!steps.some((step) => step.cost_usd > 0)) return null;
  const x = steps.map((step) => localTime(step.at, report.timezone));
  const data = [{
    type: "bar", name: "cost in five minutes", showlegend: false, x, xperiod: STEP_MS, xperiod0: x[0], xperiodalignment: "middle", y: steps.map((step) => step.cost_usd),
    marker: { color: look.series[0] }, hovertemplate: "%{y:$,.4f}",
  }];
  return {
    data,
    layout: {
      bargap: 0.15,
      xaxis: { type: "date", range: [x[0], localTime(report.generated_at, report.timezone)] },
      yaxis: { tickprefix: "$", rangemode: "tozero", nticks: 5 },
    },
  };
});
