// A table of thousands of rows: parts of it are there while they are near, room is kept for all others.
// What is typed into its search narrows it at once.
const NEAR = 1; // parts beside those in sight that are fetched
const FAR = 3; // parts beside those in sight that are kept
const AT_ONCE = 2; // requests
const REMEMBER_MS = 200;
let table = null;
let typing = null;
let remembering = 0;

class Rows {
  constructor(element) {
    this.element = element;
    this.scroller = element.closest(".scroll");
    const { total, chunk, skip, address } = element.dataset;
    Object.assign(this, { total: Number(total), chunk: Number(chunk), address, under: new Set(), isOver: false });
    this.height = element.tBodies[0].rows[0].getBoundingClientRect().height;
    this.parts = this.spread(Number(skip) / this.chunk);
    this.scroller.addEventListener("scroll", () => this.soon(), { passive: true });
    const kept = history.state?.rows;
    if (kept !== undefined) this.scroller.scrollTop = kept;
    else if (Number(skip)) this.scroller.scrollTop = Number(skip) * this.height;
    this.soon();
  }

  /** A table body a part; the one that came with the page is there already. */
  spread(first) {
    const given = this.element.tBodies[0];
    const parts = [];
    for (let index = 0; index * this.chunk < this.total; index += 1) {
      const body = index === first ? given : this.room(index);
      parts.push(body);
      this.element.append(body);
    }
    return parts;
  }

  /** What stands for a part that is not there, as high as it would be. */
  room(index) {
    const body = document.createElement("tbody");
    const cell = body.insertRow().insertCell(); // a single one: those of hidden columns would make columns of their own
    body.className = "room";
    body.ariaHidden = "true";
    cell.style.height = `${this.count(index) * this.height}px`;
    return body;
  }

  count(index) {
    return Math.min(this.chunk, this.total - index * this.chunk);
  }

  soon() {
    this.frame ??= requestAnimationFrame(() => {
      this.frame = undefined;
      if (!this.element.isConnected) return;
      this.look();
      remember(this.scroller.scrollTop);
    });
  }

  /** Fetch what is near, let go of what is far. */
  look() {
    const [first, last] = this.inSight();
    this.parts.forEach((body, index) => {
      const distance = Math.max(first - index, index - last, 0);
      const isThere = !body.classList.contains("room");
      if (isThere && distance > FAR && !body.contains(document.activeElement)) this.put(index, this.room(index));
      else if (!isThere && distance <= NEAR) this.fetch(index);
    });
  }

  inSight() {
    const top = this.scroller.scrollTop;
    const at = (pixels) => Math.min(Math.max(Math.floor(pixels / this.height / this.chunk), 0), this.parts.length - 1);
    return [at(top), at(top + this.scroller.clientHeight)];
  }

  put(index, body) {
    this.parts[index].replaceWith(body);
    this.parts[index] = body;
  }

  async fetch(index) {
    if (this.under.has(index) || this.under.size >= AT_ONCE) return; // the next one to come looks again
    this.under.add(index);
    try {
      const fresh = (await view(`${this.address}${this.address.includes("?") ? "&" : "?"}skip=${index * this.chunk}`)).querySelector("table[data-rows]");
      const isSame = fresh?.dataset.figures === this.element.dataset.figures && fresh.dataset.total === this.element.dataset.total;
      if (isSame && this.element.isConnected) this.put(index, document.adoptNode(fresh.tBodies[0]));
      else if (this.element.isConnected) await narrow(location.href); // usage came in between: begin with all of it anew
      this.failures = 0;
    } catch {
      this.failures = (this.failures ?? 0) + 1;
    } finally {
      this.under.delete(index);
      if (!this.failures) this.soon();
      else if (this.failures < 4) setTimeout(() => this.soon(), 1000 * this.failures);
    }
  }
}

async function view(address, signal) {
  const answer = await fetch(address, { headers: { "x-tokentide-part": "view" }, signal });
  if (!answer.ok) throw new Error(String(answer.status));
  return new DOMParser().parseFromString(await answer.text(), "text/html");
}

/** The history keeps how far the table was scrolled, so that the way back leads there. */
function remember(top) {
  clearTimeout(remembering);
  remembering = setTimeout(() => history.replaceState({ ...history.state, rows: top }, ""), REMEMBER_MS);
}

/** Show what an address finds, without touching the field that is typed into. */
async function narrow(address) {
  typing?.abort();
  const control = (typing = new AbortController());
  try {
    const fresh = await view(address, control.signal);
    if (control.signal.aborted) return;
    for (const part of fresh.querySelectorAll("#filters, .panel:has(table[data-rows]), .panel:has(.empty)")) document.getElementById(part.id)?.replaceWith(part);
    const found = document.getElementById("found");
    if (found) found.textContent = fresh.getElementById("found")?.textContent.trim() ?? "";
    dress();
  } catch (error) {
    const found = document.getElementById("found");
    if (error.name !== "AbortError" && found) found.textContent = "The search could not be answered; is the server still running?";
  }
}

function search(form) {
  const query = new URLSearchParams([...new FormData(form)].filter(([, value]) => value !== ""));
  const address = `${form.getAttribute("action")}${query.size ? `?${query}` : ""}`;
  form.q.setAttribute("value", form.q.value); // what the page says of itself; a swap then knows it from another state
  clearTimeout(remembering);
  history.replaceState(null, "", address);
  narrow(address);
}

/** Bring the table to life that is on the page now. */
function dress() {
  const element = document.querySelector("table[data-rows]:not([data-dressed])");
  if (!element) return;
  element.dataset.dressed = "";
  table = new Rows(element);
}

document.addEventListener("input", (event) => { if (event.target.id === "q") search(event.target.form); });
document.addEventListener("submit", (event) => {
  if (event.target.id !== "search") return;
  event.preventDefault();
  search(event.target);
});
document.addEventListener("tokentide:shown", dress);
window.addEventListener("resize", () => table?.soon());
dress();
