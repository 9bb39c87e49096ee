// Charts: each kind makes traces out of a report of the API. The library is loaded when the first chart comes.
import { converted, labelled, locale } from "./currency.js";

const kinds = new Map();
let library = null;

/** Register a kind: `make(report, options, look)` returns `{ data, layout }`, or null where there is nothing to draw; with
 * a `height` in pixels where the usual one does not fit. */
export function kind(name, make) {
  kinds.set(name, make);
  for (const figure of document.querySelectorAll(`.chart[data-chart="${name}"]`)) draw(figure);
}

/** Draw every chart below `where`, and those that were drawn of an older report. */
export function drawCharts(where) {
  for (const figure of where.querySelectorAll(".chart")) draw(figure);
}

/** Draw all charts anew, in the colours of now. */
export function restyleCharts() {
  for (const figure of document.querySelectorAll(".chart")) draw(figure);
}

// Paper is narrower than the screen: there, pictures shrink as a whole.
window.addEventListener("beforeprint", () => {
  for (const svg of document.querySelectorAll(".main-svg")) svg.setAttribute("viewBox", `0 0 ${svg.getAttribute("width")} ${svg.getAttribute("height")}`);
});
window.addEventListener("afterprint", () => {
  for (const svg of document.querySelectorAll(".main-svg")) svg.removeAttribute("viewBox");
});

const drawn = new WeakMap(); // of each figure: what stands there, so that the same is not drawn again under a pointer
const wanted = new WeakMap(); // of each figure: the last wish, since answers come in any order

async function draw(figure) {
  const make = kinds.get(figure.dataset.chart);
  figure.dataset.state ??= "waiting";
  if (!make) return; // its script comes later, and draws it then
  const canvas = figure.querySelector(".canvas");
  const wish = {};
  wanted.set(figure, wish);
  try {
    const [plotly, answer] = await Promise.all([load(), fetch(figure.dataset.api)]);
    const report = await answer.json();
    if (wanted.get(figure) !== wish) return;
    if (!answer.ok) throw new Error(report.error);
    const options = JSON.parse(figure.dataset.options);
    const { money } = options;
    const made = labelled(make(plainly(converted(report, money)), plainly(converted(options, money)), { ...look(), smallest: 10 ** -(money?.digits ?? 2) }), money);
    figure.hidden = made === null;
    canvas.style.height = made?.height ? `${made.height}px` : "";
    const layout = made && layoutOf(named(made, canvas.clientWidth), canvas.clientWidth);
    const data = made?.data.map((trace) => (trace.name ? { ...trace, name: plain(within(read(trace.name), Math.max(20, canvas.clientWidth / 14))) } : trace));
    const picture = JSON.stringify([data, layout]);
    if (figure.dataset.state === "drawn" && drawn.get(figure) === picture) return;
    if (figure.dataset.state === "failed") canvas.replaceChildren();
    if (made) await plotly.react(canvas, data, layout, { ...CONFIG, ...locale(money) });
    drawn.set(figure, picture);
    figure.dataset.state = "drawn";
  } catch (error) {
    if (wanted.get(figure) !== wish) return;
    if (drawn.has(figure) && error instanceof TypeError) return; // the server is away: what was drawn stays
    figure.dataset.state = "failed";
    const told = document.createElement("p");
    told.className = "fault";
    told.textContent = `This chart could not be drawn: ${error.message}`;
    canvas.replaceChildren(told);
  }
}

const CONFIG = { responsive: true, displaylogo: false, displayModeBar: false, scrollZoom: false };

function load() {
  library ??= new Promise((resolve, reject) => {
    const script = document.createElement("script");
    script.src = "/static/plotly.js";
    script.onload = () => resolve(window.Plotly);
    script.onerror = () => { library = null; reject(new Error("the library of charts did not load")); };
    document.head.append(script);
  });
  return library;
}

/** The layout of bars that lie, with names that leave the bars most of the width; tables and pointers tell the whole. */
function named({ data, layout }, width) {
  if (data[0]?.orientation !== "h") return layout;
  const names = layout.yaxis?.ticktext ?? data[0].y;
  const most = Math.min(40, Math.max(12, Math.floor((width * NAMES_SHARE) / LETTER_WIDTH)));
  return { ...layout, yaxis: { ...layout.yaxis, tickvals: layout.yaxis?.tickvals ?? data[0].y, ticktext: names.map((name) => plain(within(read(name), most))) } };
}

/** The beginning and the end of a name that is too long, since names of one kind often begin alike. */
function within(name, most) {
  const letters = [...name];
  const kept = (most - 1) / 2;
  return letters.length <= most ? name : `${letters.slice(0, Math.ceil(kept)).join("")}…${letters.slice(-Math.floor(kept)).join("")}`;
}

/** The page's colours, for what is drawn. */
function look() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return { colour, series: [1, 2, 3, 4, 5, 6, 7, 8].map((number) => colour(`series-${number}`)), rest: colour("series-rest") };
}

const NAMES_SHARE = 0.36; // of a chart's width
const LETTER_WIDTH = 7; // pixels
const LABEL_WIDTH = 72; // pixels that a label below an axis needs, with what is between two
const DATES = [ // as the pages write them
  { dtickrange: [null, 60_000], value: "%H:%M:%S\n%-d %b" },
  { dtickrange: [60_000, 86_400_000], value: "%H:%M\n%-d %b" },
  { dtickrange: [86_400_000, "M1"], value: "%-d %b\n%Y" },
  { dtickrange: ["M1", "M12"], value: "%b\n%Y" },
  { dtickrange: ["M12", null], value: "%Y" },
];

function layoutOf(own, width) {
  const { colour } = look();
  const axis = { gridcolor: colour("line"), zerolinecolor: colour("line"), linecolor: colour("line"), automargin: true };
  const room = Math.max(2, Math.floor((width - 60) / LABEL_WIDTH));
  const below = { ...axis, ...(own.xaxis?.type === "date" ? { tickformatstops: DATES, hoverformat: "%-d %b %Y, %H:%M" } : {}), ...own.xaxis };
  if (below.type !== "category") Object.assign(below, { nticks: Math.min(below.nticks || room, room), tickangle: 0 });
  return {
    autosize: true,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("text"), family: "system-ui, sans-serif", size: 12 },
    margin: { l: 48, r: 12, t: 8, b: 32 },
    hoverlabel: { bgcolor: colour("panel"), bordercolor: colour("line"), font: { color: colour("text") } },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 12 }, traceorder: "normal" },
    hovermode: "x unified",
    ...own,
    xaxis: below,
    yaxis: { ...axis, ...own.yaxis },
  };
}

/** The last part of a folder, a model without its vendor: what legends have room for. */
export function shortName(name) {
  const last = name.replace(/[/\\]+$/, "").split(/[/\\]/).pop() || name || "(none)";
  return shortened(last.replace(/^claude-/, "").replace(/-20\d{6}$/, ""));
}

const LONGEST_NAME = 60; // signs of a name that a legend or an axis has room for
const STEERING = /[\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]/g; // what words.clean() replaces on pages

/** Text out of data as the library draws it: what would be a tag, a link or an entity stays text; nothing steers it. */
function plain(text) {
  return text.replace(STEERING, "\ufffd").replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

/** A report or options with every text in it plain: all that charts are made of goes through here. */
function plainly(value) {
  if (typeof value === "string") return plain(value);
  if (Array.isArray(value)) return value.map(plainly);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [plain(name), plainly(each)]));
}

/** The beginning of what is too long, without half an entity at its end. */
export function shortened(text, most = LONGEST_NAME) {
  return text.length > most ? `${text.slice(0, most - 1).replace(/&\w*$/, "")}…` : text;
}

/** What parts of a bar cost together; `cost_usd` is null where there are none. */
export function summed(parts) {
  const cost = parts.reduce((sum, part) => sum + (part.cost_usd ?? 0), 0);
  const count = (name) => parts.reduce((sum, part) => sum + part[name], 0);
  return { cost_usd: parts.length ? cost : null, responses: count("responses"), unpriced_responses: count("unpriced_responses") };
}

/** How an amount is written where the pointer is, as tables write it; `axis` is the one that it lies along. */
export function amountTemplate({ cost_usd: cost, responses, unpriced_responses: unpriced }, axis, { smallest }) {
  if (unpriced && unpriced === responses) return "no price";
  const written = cost > 0 && cost < smallest / 2 ? `<$${smallest}` : `%{${axis}:$,.2f}`;
  return unpriced ? `${written} + ?` : written;
}

/** A percentage in whole numbers; never rounded up to 100: what is not full is not shown as full. */
export function wholePercent(percent) {
  return percent < 100 ? Math.trunc(percent) : Math.round(percent);
}

const read = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

const clocks = new Map();

/** An instant as the time on the wall in the report's zone, in the form that axes of dates take. */
export function localTime(instant, zone) {
  if (!clocks.has(zone)) {
    const parts = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
    clocks.set(zone, new Intl.DateTimeFormat("sv-SE", { ...parts, timeZone: zone, hourCycle: "h23" }));
  }
  return clocks.get(zone).format(new Date(instant));
}

/** Names of a category axis: two that are the same would be one bar. */
export function unique(names) {
  const seen = new Map();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count > 1 ? `${name} (${count})` : name;
  });
}
