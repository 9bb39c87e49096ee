// Charts: each kind makes traces out of a report of the API. The library is loaded when the first chart comes.
import { converted, labelled, locale } from "./currency.js";

const kinds = new Map();
let library = null;

/** Register a kind: `make(report, options, look)` returns `{ data, layout }`, or null where there is nothing to draw. */
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

async function draw(figure) {
  const make = kinds.get(figure.dataset.chart);
  figure.dataset.state ??= "waiting";
  if (!make) return; // its script comes later, and draws it then
  const canvas = figure.querySelector(".canvas");
  try {
    const [plotly, answer] = await Promise.all([load(), fetch(figure.dataset.api)]);
    const report = await answer.json();
    if (!answer.ok) throw new Error(report.error);
    const options = JSON.parse(figure.dataset.options);
    const { money } = options;
    const made = labelled(make(converted(report, money), converted(options, money), look()), money);
    figure.hidden = made === null;
    if (made) await plotly.react(canvas, made.data, layoutOf(made.layout), { ...CONFIG, ...locale(money) });
    figure.dataset.state = "drawn";
  } catch (error) {
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

/** The page's colours, for what is drawn. */
function look() {
  const style = getComputedStyle(document.documentElement);
  const colour = (name) => style.getPropertyValue(`--${name}`).trim();
  return { colour, series: [1, 2, 3, 4, 5, 6, 7, 8].map((number) => colour(`series-${number}`)), rest: colour("series-rest") };
}

function layoutOf(own) {
  const { colour } = look();
  const axis = { gridcolor: colour("line"), zerolinecolor: colour("line"), linecolor: colour("line"), automargin: true };
  return {
    autosize: true,
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { color: colour("text"), family: "system-ui, sans-serif", size: 12 },
    margin: { l: 48, r: 12, t: 8, b: 32 },
    hoverlabel: { bgcolor: colour("panel"), bordercolor: colour("line"), font: { color: colour("text") } },
    legend: { orientation: "h", y: -0.18, font: { size: 12 }, traceorder: "normal" },
    hovermode: "x unified",
    ...own,
    xaxis: { ...axis, ...own.xaxis },
    yaxis: { ...axis, ...own.yaxis },
  };
}

/** The last part of a folder, a model without its vendor: what legends have room for. */
export function shortName(name) {
  const last = name.replace(/[/\\]+$/, "").split(/[/\\]/).pop() || name || "(none)";
  return plain(last.replace(/^claude-/, "").replace(/-20\d{6}$/, ""));
}

/** Text out of data as the library draws it: what would be a tag, a link or an entity stays text. */
export function plain(text) {
  return String(text).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

const clocks = new Map();

/** An instant as the time on the wall in the report's zone, in the form that axes of dates take. */
export function localTime(instant, zone) {
  if (!clocks.has(zone)) {
    const parts = { year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" };
    clocks.set(zone, new Intl.DateTimeFormat("sv-SE", { ...parts, timeZone: zone, hourCycle: "h23" }));
  }
  return clocks.get(zone).format(new Date(instant));
}
