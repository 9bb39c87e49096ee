// The frame of every page: filters and links change only what differs, and live changes come in by themselves.
import { drawCharts, restyleCharts } from "./charts.js";
import { follow } from "./events.js";
import { dressTables, keepOrder } from "./tables.js";

const AGES_MS = 60_000; // countdowns and ages are drawn anew so often, though nothing was written
const LEAST_PAUSE_MS = 1_500; // live changes redraw no more often
const root = document.documentElement;

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
    const told = await asked(address, control.signal);
    if (!told) return lost(quiet);
    const [answer, text] = told;
    if (control.signal.aborted) return;
    if (!answer.ok && quiet && answer.status !== 401) return setPulse("lost", "not readable just now");
    if (!answer.ok) return location.assign(address);
    if (push) history.pushState(null, "", address);
    show(new DOMParser().parseFromString(text, "text/html").getElementById("view"), quiet);
    drawnAt = Date.now();
  } catch (error) {
    if (error.name !== "AbortError") throw error;
  } finally {
    if (swapping === control) {
      document.getElementById("view").removeAttribute("aria-busy");
      swapping = null;
    }
  }
}

/** The server's answer and its text; null where nobody answers. */
async function asked(address, signal) {
  try {
    const answer = await fetch(address, { headers: { "x-tokentide-part": "view" }, signal });
    return [answer, await answer.text()];
  } catch (error) {
    if (error.name === "AbortError") throw error;
    return null;
  }
}

function lost(quiet) {
  setPulse("lost", "not reachable");
  if (!quiet) toast("The dashboard does not answer", "What you see is from before. Is the server still running?");
}

/** Take over what is new: what says the same stays untouched, with its focus, scrolling, open tables and drawn charts. */
function show(fresh, quiet) {
  const view = document.getElementById("view");
  const filters = document.getElementById("filters");
  if (quiet && filters?.contains(document.activeElement)) fresh.querySelector("#filters")?.replaceWith(filters.cloneNode(true)); // a list may be open
  const focus = placeOf(document.activeElement, view);
  patch(view, fresh);
  Object.assign(view.dataset, { carried: fresh.dataset.carried, version: fresh.dataset.version });
  document.title = fresh.dataset.title;
  for (const link of document.querySelectorAll(".top nav a")) link.search = view.dataset.carried;
  dress(view);
  if (document.activeElement === document.body) focus?.()?.focus({ preventScroll: true });
}

/** How to find an element again after a redraw: by its id, else as the same one of those that say the same. */
function placeOf(element, view) {
  if (!element || !view.contains(element)) return null;
  if (element.id) return () => document.getElementById(element.id);
  const alike = () => [...view.querySelectorAll(element.localName)].filter((each) => each.textContent.trim() === said && each.name === name);
  const said = element.textContent.trim();
  const { name } = element;
  const index = alike().indexOf(element);
  return () => alike()[index];
}

const isSame = (old, fresh) => (old.dataset.stamp ? old.dataset.stamp === fresh.dataset.stamp : old.isEqualNode(fresh));
const isAlike = (old, fresh) => old.tagName === fresh.tagName && old.id === fresh.id;

/** Make an element's children like those of its fresh counterpart, panel by panel where both have the same panels. */
function patch(old, fresh) {
  const olds = [...old.children];
  const news = [...fresh.children];
  if (olds.length === news.length && olds.every((each, index) => isAlike(each, news[index]))) {
    olds.forEach((each, index) => renew(each, news[index]));
    return;
  }
  for (const panel of fresh.querySelectorAll(".panel[id]")) {
    const known = document.getElementById(panel.id);
    if (known && isSame(known, panel)) panel.replaceWith(known);
    else if (known) keepState(known, panel);
  }
  old.replaceChildren(...fresh.childNodes);
}

function renew(old, fresh) {
  if (isSame(old, fresh)) return;
  if (old.matches("main, .grid")) return patch(old, fresh);
  if (old.matches(".panel")) keepState(old, fresh);
  old.replaceWith(fresh);
}

/** A panel that changed keeps what a person had opened, how far it was scrolled, and the chart to be drawn over. */
function keepState(old, panel) {
  const opened = old.querySelectorAll("details");
  panel.querySelectorAll("details").forEach((each, index) => { each.open = opened[index]?.open ?? each.open; });
  const figures = [...old.querySelectorAll(".chart")];
  for (const figure of panel.querySelectorAll(".chart")) {
    const at = figures.findIndex((each) => each.dataset.chart === figure.dataset.chart && (figures.length === 1 || each.dataset.options === figure.dataset.options));
    if (at < 0) continue;
    const [drawn] = figures.splice(at, 1);
    Object.assign(drawn.dataset, { api: figure.dataset.api, options: figure.dataset.options });
    drawn.querySelector(".canvas").ariaLabel = figure.querySelector(".canvas").ariaLabel;
    drawn.querySelector("figcaption").textContent = figure.querySelector("figcaption").textContent;
    figure.replaceWith(drawn);
  }
  keepOrder(old, panel);
  const scrolled = [...old.querySelectorAll(".scroll")].map(({ scrollTop, scrollLeft }) => [scrollLeft, scrollTop]);
  requestAnimationFrame(() => panel.querySelectorAll(".scroll").forEach((each, index) => each.scrollTo(...(scrolled[index] ?? [0, 0]))));
}

/** Bring to life what has just been put on the page. */
function dress(where) {
  dressTables(where);
  drawCharts(where);
  document.dispatchEvent(new CustomEvent("tokentide:shown", { detail: where }));
}

/** What changed in the ledger is drawn soon, and once, while someone looks. */
function refresh() {
  if (waiting || document.hidden) return;
  const pause = swapping || isSelecting() ? LEAST_PAUSE_MS : Math.max(0, LEAST_PAUSE_MS - (Date.now() - drawnAt));
  waiting = setTimeout(() => {
    waiting = 0;
    if (swapping || isSelecting()) refresh(); // later: what a person asked for or marks goes first
    else if (!isBusy()) swap(location.href, { push: false, quiet: true });
  }, pause);
}

/** True while a person fills in a form that a redraw would empty. */
function isBusy() {
  const form = document.activeElement?.closest("form");
  return document.querySelector("form[data-edited], dialog[open]") !== null || (form !== null && form !== undefined && form.id !== "filters");
}

/** True while text of the page is marked, which a redraw would undo. */
function isSelecting() {
  const marked = document.getSelection();
  return marked !== null && !marked.isCollapsed && document.getElementById("main").contains(marked.anchorNode);
}

function setPulse(state, word) {
  const pulse = document.getElementById("pulse");
  if (!pulse) return;
  if (pulse.dataset.state === "lost" && state === "live") refresh(); // what happened meanwhile nobody told
  pulse.dataset.state = state;
  pulse.querySelector(".word").textContent = word;
}

/** Say something for a while; the text is text. */
export function toast(title, body, severity = "warning") {
  const box = document.createElement("div");
  box.className = `toast severity-${severity}`;
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

follow({
  changed(told) { if (String(told.version) !== document.getElementById("view")?.dataset.version) refresh(); },
  progress() { refresh(); },
  refused() { refresh(); }, // a page that was logged out elsewhere leads to the login
  alert(told) { toast(told.title, told.body, told.severity); },
  state: setPulse,
});
document.querySelector(".top nav [aria-current]")?.scrollIntoView({ block: "nearest", inline: "center" });
dress(document);
