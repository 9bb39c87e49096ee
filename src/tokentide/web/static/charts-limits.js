// Windows: how they went and where they are heading, how past ones went, and whether odds came true.
import { kind, localTime, wholePercent } from "./charts.js";

const LEAST_TOP = 110; // percent: the line of "full" has room above it
const MOST_TOP = 160; // demand beyond is not met anyhow, and would flatten what matters

kind("course", (report, options, look) => {
  const course = report.windows.find((each) => each.account === options.account && each.window === options.window);
  if (!course) return null;
  const local = (instant) => localTime(instant, report.timezone);
  const color = look.series[0];
  const now = local(report.generated_at);
  const percent = course.forecast?.percent ?? course.percent;
  const opens = { at: course.opens_at, percent: 0 };
  const points = [opens, ...course.points].map((point) => [local(point.at), point.percent]);
  points.push([now, course.percent]);
  const data = [{
    type: "scatter", mode: "lines", name: "used", showlegend: false, line: { color, width: 2.5, shape: "hv" },
    x: points.map(([x]) => x), y: points.map(([, y]) => y), customdata: points.map(([, y]) => wholePercent(y)), hovertemplate: "%{customdata} % used",
  }];
  const ahead = course.forecast?.percent_at_reset;
  const top = Math.min(Math.max(LEAST_TOP, 1.08 * (ahead?.p90 ?? 0), percent), MOST_TOP);
  if (ahead) data.push(...expected(course, { now, percent, local, color, odds: options.odds }));
  const hits = course.forecast?.hits_at;
  if (hits && course.forecast.odds >= 0.05) data.push(...filling(hits, options.odds, local, look));
  return { data, layout: axes({ range: [local(course.opens_at), local(course.resets_at)], top, now }, look) };
});

function expected(course, { now, percent, local, color, odds }) {
  const { p10, p50, p90 } = course.forecast.percent_at_reset;
  const reset = local(course.resets_at);
  return [
    { type: "scatter", mode: "lines", x: [now, reset, reset, now], y: [percent, p90, p10, percent], fill: "toself", fillcolor: `${color}38`, line: { width: 0 }, hoverinfo: "skip", showlegend: false },
    { type: "scatter", mode: "lines+markers", name: "likely", showlegend: false, x: [now, reset], y: [percent, p50], line: { color, width: 2, dash: "dot" }, marker: { size: [0, 7] },
      hovertemplate: [`${likely(percent)} % now`, `about ${likely(p50)} % at the reset, 8 in 10: ${likely(p10)} to ${likely(p90)} %<br>${odds}`] },
  ];
}

// What is reckoned, to the nearest whole; never rounded up to 100.
const likely = (percent) => (percent < 100 ? Math.min(Math.round(percent), 99) : Math.round(percent));

function filling(hits, odds, local, look) {
  const color = look.colour("meter-full");
  return [
    { type: "scatter", mode: "lines", x: [local(hits.p10), local(hits.p90)], y: [100, 100], line: { color, width: 5 }, opacity: 0.5, hoverinfo: "skip", showlegend: false },
    { type: "scatter", mode: "markers", name: "full", x: [local(hits.p50)], y: [100], marker: { color, size: 10, symbol: "diamond" }, showlegend: false,
      hovertemplate: `if it fills, most likely now<br>${odds}` },
  ];
}

function axes({ range, top, now }, look) {
  const full = look.colour("meter-full");
  return {
    margin: { l: 44, r: 10, t: 14, b: 30 },
    xaxis: { type: "date", range, nticks: 6 },
    yaxis: { ticksuffix: " %", range: [0, top], nticks: 6 },
    shapes: [
      { type: "line", xref: "paper", x0: 0, x1: 1, y0: 100, y1: 100, line: { color: full, width: 1.5, dash: "dash" } },
      ...(now ? [{ type: "line", yref: "paper", x0: now, x1: now, y0: 0, y1: 1, line: { color: look.colour("dim"), width: 1 } }] : []),
    ],
    annotations: now ? [
      { x: now, y: 1, yref: "paper", text: "now", showarrow: false, xanchor: "left", xshift: 3, yanchor: "top", font: { color: look.colour("dim"), size: 11 } },
      { x: 0, xref: "paper", y: 100, text: "full", showarrow: false, xanchor: "left", xshift: 3, yanchor: "bottom", font: { color: full, size: 11 } },
    ] : [],
  };
}

kind("window-history", (report, options, look) => {
  const history = report.windows.find((each) => each.account === options.account && each.window === options.window);
  if (!history?.points.length) return null;
  const local = (instant) => localTime(instant, report.timezone);
  const color = look.series[0];
  const [x, y] = sawtooth(history.points, report.generated_at, local);
  const data = [{
    type: "scatter", mode: "lines", name: history.title, showlegend: false, x, y, fill: "tozeroy", fillcolor: `${color}22`,
    line: { color, width: 1.6, shape: "hv" }, customdata: y.map(wholePercent), hovertemplate: "%{customdata} %",
  }];
  const layout = axes({ top: Math.max(LEAST_TOP, ...y) }, look);
  delete layout.xaxis.range;
  return { data, layout };
});

// A percentage holds until another is told; at its reset a window is empty.
function sawtooth(points, now, local) {
  const x = [];
  const y = [];
  points.forEach((point, index) => {
    const next = points[index + 1]?.at ?? now;
    x.push(local(point.at));
    y.push(point.percent);
    if (point.resets_at && Date.parse(point.resets_at) <= Date.parse(next)) {
      x.push(local(point.resets_at));
      y.push(0);
    }
  });
  const last = points[points.length - 1];
  if (!last.resets_at || Date.parse(last.resets_at) > Date.parse(now)) {
    x.push(local(now));
    y.push(last.percent);
  }
  return [x, y];
}

kind("reliability", (report, options, look) => {
  const tested = report.accounts.find((each) => each.account === options.account)?.windows ?? [];
  const known = tested.filter((each) => each.reliability.length);
  if (!known.length) return null;
  const data = known.map((each, index) => ({
    type: "scatter", mode: "lines+markers", name: each.title,
    x: each.reliability.map((bin) => 100 * bin.mean_odds), y: each.reliability.map((bin) => 100 * bin.hit_share),
    text: each.reliability.map((bin) => `${bin.cases} times`),
    marker: { size: each.reliability.map((bin) => Math.min(6 + Math.sqrt(bin.cases), 22)), color: look.series[index % look.series.length] },
    line: { color: look.series[index % look.series.length], width: 1.5 },
    hovertemplate: "odds %{x:.0f} %, came true %{y:.0f} %, %{text}",
  }));
  const range = [-3, 103];
  const line = { type: "line", x0: 0, x1: 100, y0: 0, y1: 100, line: { color: look.colour("dim"), width: 1.5, dash: "dash" } };
  return {
    data,
    layout: {
      hovermode: "closest", shapes: [line], legend: { orientation: "h", y: 1.02, yanchor: "bottom" }, margin: { l: 56, r: 12, t: 40, b: 48 },
      xaxis: { range, ticksuffix: " %", title: { text: "odds that were said" } },
      yaxis: { range, ticksuffix: " %", title: { text: "share that came true" } },
    },
  };
});

// A replay takes a while: say so, and how far it is, while the browser waits for its page.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-replay]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  const bar = document.getElementById("replay-progress");
  if (!bar) return;
  bar.hidden = false;
  const meter = bar.querySelector("progress");
  const told = bar.querySelector("span");
  setInterval(async () => {
    const answer = await fetch("/api/v1/forecast/backtest/progress").catch(() => null);
    if (!answer?.ok) return;
    const { done, total } = await answer.json();
    if (!total) return;
    meter.max = total;
    meter.value = done;
    told.textContent = `${done} of ${total} moments of your history`;
  }, 400);
});
