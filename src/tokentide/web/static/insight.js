// Insight: forms that change only what differs, and panels that come by a second request.
import { swap } from "./app.js";
import { drawCharts } from "./charts.js";
import { dressTables } from "./tables.js";

document.addEventListener("submit", (event) => {
  if (!event.target.matches("form.ask")) return;
  event.preventDefault();
  const fields = [...new FormData(event.target)].filter(([, value]) => value !== "");
  const query = new URLSearchParams(fields).toString();
  swap(`${event.target.getAttribute("action")}${query ? `?${query}` : ""}`);
});

document.addEventListener("change", (event) => {
  const form = event.target.closest("form.ask[data-quick]");
  if (form) form.requestSubmit();
});

document.addEventListener("tokentide:shown", bring);

/** Fetch what is still to come; what is there already is looked at again, and only what differs is replaced. */
async function bring() {
  const place = document.querySelector("[data-later]");
  if (!place || place.dataset.bringing) return;
  place.dataset.bringing = "yes";
  try {
    const answer = await fetch(place.dataset.later, { headers: { "x-tokentide-part": "view" } });
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("found");
    if (!place.isConnected) return;
    if (fresh) fill(place, fresh);
    else tell(place, page.querySelector("h1 + p, .alone p, p")?.textContent ?? `the answer was ${answer.status}`);
  } catch (error) {
    if (place.isConnected) tell(place, error.message);
  } finally {
    delete place.dataset.bringing;
    place.removeAttribute("aria-busy");
  }
}

function fill(place, fresh) {
  for (const panel of fresh.querySelectorAll(".panel[id]")) {
    const old = document.getElementById(panel.id);
    if (old && place.contains(old) && old.dataset.stamp === panel.dataset.stamp) panel.replaceWith(old);
  }
  place.replaceChildren(fresh);
  dressTables(place);
  drawCharts(place);
}

function tell(place, words) {
  const told = document.createElement("p");
  told.className = "note bad";
  told.setAttribute("role", "alert");
  told.textContent = `This could not be shown: ${words}`;
  place.replaceChildren(told);
}

bring();
