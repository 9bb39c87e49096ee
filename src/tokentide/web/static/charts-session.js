// One session: how its context grew, what its turns cost, which tools it called.
import { amountTemplate, kind, shortened, summed } from "./charts.js";

const MARKS = { // name, colour, symbol
  compaction: ["compacted", "meter-raised", "triangle-down"],
  microcompaction: ["tool results cleared", "series-6", "triangle-down-open"],
  api_error: ["API error", "meter-full", "x"],
  refusal: ["refused", "meter-full", "x-open"],
  interruption: ["interrupted", "meter-high", "square"],
  pull_request: ["pull request", "series-3", "star"],
};
const MOST_TOOLS = 12;
const LEGEND = { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", traceorder: "normal" };

kind("session-context", (report, _options, look) => {
  const sizes = report.context_tokens;
  if (!sizes.length) return null;
  const [prompts, marks] = happenings(report);
  const color = look.series[0];
  const data = [{
    type: "scatter", mode: "lines", name: "context", x: sizes.map((_, index) => index + 1), y: sizes, fill: "tozeroy",
    line: { color, width: 2, shape: "hv" }, hovertemplate: "%{y:,} tokens",
  }];
  if (prompts.length) data.push({
    type: "scatter", mode: "markers", name: "prompt", x: prompts.map(([at]) => at), y: prompts.map(() => 0), customdata: prompts.map(([, words]) => words),
    marker: { color: look.colour("text"), symbol: "line-ns-open", size: 10, line: { width: 1.5 } }, hovertemplate: "%{customdata}<extra></extra>", cliponaxis: false,
  });
  for (const [what, [name, paint, symbol]] of Object.entries(MARKS)) {
    const own = marks.filter(([, mark]) => mark.kind === what);
    if (own.length) data.push({
      type: "scatter", mode: "markers", name, x: own.map(([at]) => at), y: own.map(([at, mark]) => mark.tokens_before ?? sizes[Math.max(Math.ceil(at) - 2, 0)]),
      customdata: own.map(([, mark]) => toldOf(mark, name)), marker: { color: look.colour(paint), symbol, size: 11, line: { color: look.colour("panel"), width: 1 } },
      hovertemplate: "%{customdata}<extra></extra>", cliponaxis: false,
    });
  }
  return { data, layout: { hovermode: "closest", xaxis: { title: { text: "response" }, rangemode: "tozero" }, yaxis: { title: { text: "tokens sent" }, rangemode: "tozero" }, legend: LEGEND } };
});

kind("session-turns", (report, _options, look) => {
  const turns = report.turns.filter((turn) => turn.responses);
  if (turns.length < 2) return null;
  const x = turns.map((turn) => (turn.number ? String(turn.number) : "before"));
  const cost = (turn, what) => summed(turn.steps.filter((step) => step.kind === what));
  const bar = (name, color, what) => {
    const sums = turns.map((turn) => cost(turn, what));
    return { type: "bar", name, x, y: sums.map((sum) => sum.cost_usd), marker: { color }, hovertemplate: sums.map((sum) => amountTemplate(sum, "y", look)) };
  };
  const data = [bar("the session itself", look.series[0], "responses")];
  if (report.sub_agents) data.push(bar("its sub-agents", look.series[1], "sub_agent"));
  return { data, layout: { barmode: "stack", showlegend: data.length > 1, xaxis: { type: "category", title: { text: "turn" }, nticks: 24 }, yaxis: { tickprefix: "$", tickformat: ",.2f", rangemode: "tozero" }, legend: LEGEND } };
});

kind("session-tools", (report, _options, look) => {
  const found = new Map();
  for (const use of toolsOf(report.turns.flatMap((turn) => turn.steps))) {
    const sums = found.get(use.tool) ?? { calls: 0, failed: 0, denied: 0 };
    found.set(use.tool, { calls: sums.calls + use.calls, failed: sums.failed + use.failed_calls, denied: sums.denied + use.denied_calls });
  }
  const named = [...found].sort(([, a], [, b]) => b.calls - a.calls).slice(0, MOST_TOOLS).reverse();
  if (!named.length) return null;
  const y = named.map((_, index) => index);
  const bar = (name, color, of) => ({ type: "bar", orientation: "h", name, y, x: named.map(([, sums]) => of(sums)), marker: { color }, hovertemplate: "%{x:,}" });
  const data = [bar("went well", look.series[3], (sums) => sums.calls - sums.failed - sums.denied)];
  if (named.some(([, sums]) => sums.failed)) data.push(bar("failed", look.colour("meter-full"), (sums) => sums.failed));
  if (named.some(([, sums]) => sums.denied)) data.push(bar("denied", look.colour("meter-raised"), (sums) => sums.denied));
  const ticktext = named.map(([tool]) => shortened(nameOf(tool)));
  return { data, layout: { barmode: "stack", hovermode: "y unified", showlegend: data.length > 1, yaxis: { tickvals: y, ticktext }, legend: LEGEND } };
});

/** Prompts and other marks, each with the place between responses at which it stands. */
function happenings(report) {
  const prompts = [];
  const marks = [];
  let reached = 0;
  for (const turn of report.turns) {
    if (turn.number) prompts.push([reached + 1, `prompt ${turn.number}${turn.command ? `, ${shortened(turn.command)}` : ""}: ${turn.prompt_bytes.toLocaleString("en")} bytes`]);
    for (const step of turn.steps) {
      if (step.kind === "responses") reached += step.responses;
      else if (step.kind in MARKS) marks.push([reached + 0.5, step]);
    }
  }
  return [prompts, marks];
}

function toldOf(mark, name) {
  const number = (count) => count.toLocaleString("en");
  const before = mark.tokens_before ? ` ${number(mark.tokens_before)}` : "";
  const after = mark.tokens_after ? ` to ${number(mark.tokens_after)} tokens` : "";
  const why = mark.trigger ?? mark.status;
  return `${name}${before}${after}${why ? ` (${shortened(why)})` : ""}`;
}

function* toolsOf(steps) {
  for (const step of steps) {
    yield* step.tools ?? [];
    if (step.steps) yield* toolsOf(step.steps);
  }
}

const nameOf = (tool) => (tool.startsWith("mcp__") ? tool.slice(5).replace("__", "/") : tool) || "(no name)";
