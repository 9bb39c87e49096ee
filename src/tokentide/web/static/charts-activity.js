// Activity: hours of the week as a heat map, tools as bars, and the keyboard in the heat map of the days.
import { amountTemplate, kind } from "./charts.js";

const HOURS = [...Array(24).keys()].map((hour) => `${String(hour).padStart(2, "0")}:00`);
const MEASURES = {
  cost: ["cost_usd", "%{z:$,.2f}"],
  tokens: ["total_tokens", "%{z:,.3s} tokens"],
  prompts: ["prompts", "%{z:,} prompts"],
  responses: ["responses", "%{z:,} responses"],
};
const MOST_TOOLS = 12;
const costOf = (slot, told, look) => (slot?.unpriced_responses ? amountTemplate(slot, "z", look) : told);

kind("week-hours", (report, options, look) => {
  const [field, told] = MEASURES[options.by];
  const names = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
  const slots = new Map(report.week_hours.map((slot) => [`${names[slot.weekday - 1]} ${slot.hour}`, slot]));
  if (!slots.size) return null;
  const days = [...options.weekdays].reverse();
  return {
    data: [{
      type: "heatmap", x: HOURS, y: days.map((day) => day.slice(0, 3)), xgap: 2, ygap: 2, showscale: false,
      z: days.map((day) => HOURS.map((_, hour) => slots.get(`${day} ${hour}`)?.[field] ?? 0)),
      text: days.map((day) => HOURS.map((hour) => `${day}, ${hour}`)),
      hovertemplate: days.map((day) => HOURS.map((_, hour) => `%{text}: ${options.by === "cost" ? costOf(slots.get(`${day} ${hour}`), told, look) : told}<extra></extra>`)),
      colorscale: [0, 1, 2, 3, 4, 5].map((step) => [step / 5, look.colour(`shade-${step}`)]),
    }],
    layout: { hovermode: "closest", xaxis: { type: "category", dtick: 3, showgrid: false }, yaxis: { type: "category", showgrid: false } },
  };
});

kind("tool-runs", (report, _options, look) => {
  const shown = report.tools.slice(0, MOST_TOOLS);
  if (!shown.length) return null;
  const y = shown.map((each) => each.tool);
  const bars = (name, color, of) => ({ type: "bar", orientation: "h", name, y, x: shown.map(of), marker: { color }, hovertemplate: "%{x:,}" });
  return {
    data: [
      bars("runs", look.series[0], (each) => each.runs),
      bars("failed", look.colour("meter-full"), (each) => each.failed),
      bars("denied", look.colour("meter-raised"), (each) => each.denied),
    ],
    layout: { barmode: "group", hovermode: "y unified", xaxis: { rangemode: "tozero" }, yaxis: { type: "category", autorange: "reversed", showgrid: false } },
  };
});

// The heat map is one stop of the tab key; arrows go to the day beside, a week is a column.
document.addEventListener("keydown", (event) => {
  const day = event.target.closest?.(".heat a");
  const way = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] }[event.key];
  if (!day || !way) return;
  event.preventDefault();
  const days = [...day.closest(".heat").querySelectorAll("a")];
  const step = days.indexOf(day) + way[0] * 7 + way[1];
  const next = days[Math.max(0, Math.min(days.length - 1, step))];
  day.setAttribute("tabindex", "-1");
  next.setAttribute("tabindex", "0");
  next.focus();
});

// On a narrow screen the latest days are seen first.
function showLatest() {
  for (const box of document.querySelectorAll(".heat-scroll:not([data-placed])")) {
    box.dataset.placed = "";
    box.scrollLeft = box.scrollWidth;
  }
}
document.addEventListener("tokentide:shown", showLatest);
showLatest();
