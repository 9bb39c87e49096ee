// The frame of every page: filters and links change only what differs, and live changes come in by themselves.
import { drawCharts, restyleCharts } from "./charts.js";
import { follow } from "./events.js";
import { dressTables } from "./tables.js";

const AGES_MS = 60_000; // countdowns and ages are drawn anew so often, though nothing was written
const LEAST_PAUSE_MS = 1_500; // live changes redraw no more often
const root = document.documentElement;
root.classList.add("js");

let swapping = null;
let drawnAt = Date.now();
let waiting = 0;

/** Show another state of this page: `address` is on our own server. */
export async function swap(address, { push = true, quiet = false } = {}) {
  swapping?.abort();
  const control = (swapping = new AbortController());
  const view = document.getElementById("view");
  if (!quiet) view.setAttribute("aria-busy", "true");
  try {
    const answer = await fetch(address, { headers: { "x-tokentide-part": "view" }, signal: control.signal });
    const text = await answer.text();
    if (!answer.ok) return location.assign(address);
    if (push) history.pushState(null, "", address);
    show(new DOMParser().parseFromString(text, "text/html").getElementById("view"));
    drawnAt = Date.now();
  } catch (error) {
    if (error.name !== "AbortError") setPulse("lost", "not reachable");
  } finally {
    document.getElementById("view").removeAttribute("aria-busy");
    if (swapping === control) swapping = null;
  }
}

/** Take over what is new: panels that say the same stay, with their scrolling, open tables and drawn charts. */
function show(fresh) {
  const view = document.getElementById("view");
  const focus = document.activeElement?.id;
  for (const panel of fresh.querySelectorAll(".panel[id]")) {
    const old = document.getElementById(panel.id);
    if (!old) continue;
    if (old.dataset.stamp === panel.dataset.stamp) panel.replaceWith(old);
    else keepState(old, panel);
  }
  view.replaceChildren(...fresh.childNodes);
  view.dataset.carried = fresh.dataset.carried;
  document.title = fresh.dataset.title;
  for (const link of document.querySelectorAll(".top nav a")) link.search = view.dataset.carried;
  if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
  dress(view);
}

/** A panel that changed keeps what a person had opened, how far it was scrolled, and the chart to be drawn over. */
function keepState(old, panel) {
  const opened = old.querySelectorAll("details");
  panel.querySelectorAll("details").forEach((each, index) => { each.open = opened[index]?.open ?? each.open; });
  const figures = [...old.querySelectorAll(".chart")];
  for (const figure of panel.querySelectorAll(".chart")) {
    const drawn = figures.find((each) => each.dataset.chart === figure.dataset.chart);
    if (!drawn) continue;
    Object.assign(drawn.dataset, { api: figure.dataset.api, options: figure.dataset.options });
    figure.replaceWith(drawn);
  }
  const scrolled = [...old.querySelectorAll(".scroll")].map((each) => each.scrollTop);
  requestAnimationFrame(() => panel.querySelectorAll(".scroll").forEach((each, index) => { each.scrollTop = scrolled[index] ?? 0; }));
}

/** Bring to life what has just been put on the page. */
function dress(where) {
  dressTables(where);
  drawCharts(where);
  document.dispatchEvent(new CustomEvent("tokentide:shown", { detail: where }));
}

/** What changed in the ledger is drawn soon, and once, while someone looks. */
export function refresh() {
  if (waiting || document.hidden) return;
  const pause = Math.max(0, LEAST_PAUSE_MS - (Date.now() - drawnAt));
  waiting = setTimeout(() => {
    waiting = 0;
    if (!isBusy()) swap(location.href, { push: false, quiet: true });
  }, pause);
}

/** True while a person fills in a form that a redraw would empty. */
function isBusy() {
  const form = document.activeElement?.closest("form");
  return document.querySelector("form[data-edited], dialog[open]") !== null || (form !== null && form !== undefined && form.id !== "filters");
}

function setPulse(state, word) {
  const pulse = document.getElementById("pulse");
  if (!pulse) return;
  pulse.dataset.state = state;
  pulse.querySelector(".word").textContent = word;
}

/** Say something for a while; the text is text. */
export function toast(title, body) {
  const box = document.createElement("div");
  box.className = "toast";
  for (const [tag, text] of [["strong", title], ["p", body]]) {
    const part = document.createElement(tag);
    part.textContent = text;
    box.append(part);
  }
  document.getElementById("toasts").append(box);
  setTimeout(() => box.remove(), 12_000);
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-swap]");
  if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
  event.preventDefault();
  swap(link.href);
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("#filters");
  if (form) form.requestSubmit();
});

document.addEventListener("submit", (event) => {
  if (event.target.id !== "filters") return;
  event.preventDefault();
  const fields = [...new FormData(event.target)].filter(([, value]) => value !== "");
  const once = [...new Map(fields.map((field) => [field.join("\n"), field])).values()];
  const query = new URLSearchParams(once).toString();
  swap(`${event.target.getAttribute("action")}${query ? `?${query}` : ""}`);
});

window.addEventListener("popstate", () => swap(location.href, { push: false }));
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
setInterval(() => { if (Date.now() - drawnAt >= AGES_MS) refresh(); }, 5_000);

const theme = document.getElementById("theme");
if (theme) {
  theme.value = root.dataset.theme;
  theme.addEventListener("change", () => {
    localStorage.setItem("tokentide.theme", theme.value);
    root.dataset.theme = theme.value;
    restyleCharts();
  });
}
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", restyleCharts);

let version = null;
follow({
  changed(told) {
    if (version !== null && told.version !== version) refresh();
    version = told.version;
  },
  progress() { refresh(); },
  alert(told) { toast(told.title, told.body); },
  state: setPulse,
});
dress(document);
