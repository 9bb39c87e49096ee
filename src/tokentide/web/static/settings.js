// Forms of the settings: only what was changed is sent, with the tag of the file that it was made from.
import { swap, toast } from "./app.js";

const ADDRESS = "/api/v1/settings";
const ALERTS = "/api/v1/alerts";

/** What a field says, as the settings file would have it; null for what is left to the default. */
const READERS = {
  flag: (field) => field.querySelector("input").checked,
  select: (field) => field.querySelector("select").value,
  text: (field) => textOf(field) || null,
  zone: (field) => textOf(field) || null,
  day: (field) => textOf(field) || null,
  number: (field) => (textOf(field) === "" && field.querySelector("input").validity.valid ? null : numberOf(field.querySelector("input"))),
  thresholds: (field) => [...field.querySelectorAll("input")].map(numberOf),
  folders: (field) => listed(field.querySelector("textarea").value.split("\n")),
  switches: (field) => boxes(field).filter((box) => !box.checked).map((box) => box.value),
  order: (field) => boxes(field).filter((box) => box.checked).map((box) => box.value),
};

const textOf = (field) => field.querySelector("input").value.trim();
const boxes = (field) => [...field.querySelectorAll("input[type=checkbox]")];
const listed = (parts) => parts.map((part) => part.trim()).filter(Boolean);
/** A number where it is one; else the text, so that the server says what it should be. */
const numberOf = (input) => (input.value.trim() !== "" && Number.isFinite(input.valueAsNumber) ? input.valueAsNumber : input.value);
const read = (field) => READERS[field.dataset.kind](field);
const fieldsOf = (form) => [...form.querySelectorAll(".field[data-key]")];
const tags = () => document.getElementById("made-from").dataset;

function dress(where) {
  for (const locked of where.querySelectorAll("fieldset[disabled]")) locked.disabled = false;
  for (const each of where.querySelectorAll("[data-switch], [data-remove], [data-wake]")) each.disabled = false;
  for (const form of where.querySelectorAll("form[data-settings]:not([data-dressed])")) {
    form.dataset.dressed = "";
    for (const field of fieldsOf(form)) field.dataset.was = JSON.stringify(read(field));
  }
  for (const list of where.querySelectorAll("[data-zones]:not([data-dressed])")) {
    list.dataset.dressed = "";
    for (const zone of Intl.supportedValuesOf?.("timeZone") ?? []) list.append(new Option("", zone));
  }
  for (const each of where.querySelectorAll(".thresholds")) preview(each);
}

/** Where a limit changes its colour, on a bar of 100 %. */
function preview(thresholds) {
  const bounds = [...thresholds.querySelectorAll("input")].map((input) => Math.min(Math.max(Number(input.value) || 0, 0), 100));
  ["raised", "high", "full"].forEach((name, index) => {
    const bar = thresholds.querySelector(`.${name}`);
    bar.setAttribute("x", bounds[index]);
    bar.setAttribute("width", 100 - bounds[index]);
  });
}

async function send(method, address, body) {
  try {
    const answer = await fetch(address, { method, headers: { "content-type": "application/json" }, body: body && JSON.stringify(body) });
    return { status: answer.status, ...(await answer.json()) };
  } catch {
    return { status: 0, error: "The server does not answer; nothing was changed." };
  }
}

/** Show the page as it is now; what is being typed into other forms stays, and so does the place of the keyboard. */
async function shown() {
  const active = document.activeElement;
  const { switch: table, name } = active?.dataset ?? {};
  const place = table ? `[data-switch="${table}"][data-name="${CSS.escape(name)}"]` : active?.id ? `#${CSS.escape(active.id)}` : "";
  await swap(location.href, { push: false, quiet: true });
  if (place) document.querySelector(place)?.focus({ preventScroll: true });
}

let last = Promise.resolve();

/** One change after the other: each is made from what the one before has left. */
function inTurn(work) {
  last = last.then(work, work);
  return last;
}

const save = (form, changes) => inTurn(() => put(form, changes));
const alert = (...change) => inTurn(() => edit(...change));

async function put(form, changes) {
  clear(form);
  const answer = await send("PUT", ADDRESS, { changes, made_from: tags().settings });
  if (answer.status !== 200) return tell(form, answer);
  delete form.dataset.edited;
  tags().settings = answer.tag;
  await shown();
  return say(form.dataset.settings, "Saved");
}

function say(id, word) {
  const said = document.querySelector(`form[data-settings="${id}"] .said`);
  if (!said) return;
  said.textContent = word;
  setTimeout(() => { said.textContent = ""; }, 4_000);
}

function clear(form) {
  for (const wrong of form.querySelectorAll(".wrong")) wrong.replaceChildren();
  for (const each of form.querySelectorAll("[aria-invalid]")) each.removeAttribute("aria-invalid");
}

/** Say what is wrong where it is wrong. */
function tell(form, answer) {
  const field = form.querySelector(`.field[data-key="${CSS.escape(answer.field ?? "")}"]`);
  const wrong = field?.querySelector(".wrong") ?? form.querySelector(".wrong[data-form]") ?? form.querySelector(".wrong");
  wrong.textContent = sentence(answer.error);
  if (answer.status === 409) wrong.append(" ", again());
  const control = answer.status === 422 ? (field ?? form).querySelector("input, select, textarea") : null;
  control?.setAttribute("aria-invalid", "true");
  if (control && wrong.id) control.setAttribute("aria-errormessage", wrong.id);
  (wrong.querySelector("button") ?? control)?.focus();
}

const sentence = (text) => `${text[0].toUpperCase()}${text.slice(1)}`;

/** What a person presses who wants to see what the file says by now. */
function again() {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = "Show what it says now";
  button.addEventListener("click", () => location.reload());
  return button;
}

/** A change of the rules of alerts, true if it was done; `form` is where a fault is told. */
async function edit(method, path, body, form) {
  if (form) clear(form);
  const isOfFile = !path.startsWith("/snoozes");
  const address = isOfFile && method === "DELETE" ? `${path}?made_from=${tags().alerts}` : path;
  const answer = await send(method, `${ALERTS}${address}`, body && (isOfFile ? { ...body, made_from: tags().alerts } : body));
  const isDone = answer.status === 200;
  if (isDone && isOfFile) tags().alerts = answer.tag;
  if (isDone && form) delete form.dataset.edited;
  else if (!isDone && form) tell(form, answer);
  else if (!isDone) toast("Nothing was changed", sentence(answer.error));
  if (isDone || (answer.status === 409 && !form)) await shown();
  return isDone;
}

const numbers = (text) => listed(text.split(",")).map((part) => (Number.isFinite(Number(part)) ? Number(part) : part));

const FORMS = {
  cost: (data, form) => alert("POST", "/rules", { kind: "cost", per: data.get("per"), usd: numbers(data.get("usd")) }, form),
  percent: (data, form) => alert("POST", "/rules", { kind: "percent", percent: numbers(data.get("percent")), window: data.get("window") || null }, form),
  quiet: (data, form) => alert("PUT", "/quiet", { hours: listed(data.get("hours").split(",")), days: data.getAll("days"), critical_passes: data.has("critical") }, form),
  snooze: (data, form) => alert("POST", "/snoozes", { rule: data.get("rule"), span: data.get("span") }, form),
};

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (!form.matches("form.settings")) return;
  event.preventDefault();
  if (form.dataset.settings) {
    const changed = fieldsOf(form).filter((field) => field.dataset.locked === undefined && JSON.stringify(read(field)) !== field.dataset.was);
    if (!changed.length) return say(form.dataset.settings, "Nothing was changed");
    return void save(form, Object.fromEntries(changed.map((field) => [field.dataset.key, read(field)])));
  }
  const name = form.dataset.add ?? ("quiet" in form.dataset ? "quiet" : "snooze");
  return void FORMS[name](new FormData(form), form);
});

document.addEventListener("input", (event) => {
  const form = event.target.closest("form.settings");
  if (!form) return;
  form.dataset.edited = "";
  const thresholds = event.target.closest(".thresholds");
  if (thresholds) preview(thresholds);
});

document.addEventListener("change", (event) => {
  const box = event.target.closest("[data-switch]");
  if (box) turn(box);
});

/** A switch shows what is so: it goes back where its change was refused. */
async function turn(box) {
  const wanted = box.checked;
  const isDone = await alert("PUT", `/${box.dataset.switch}/${encodeURIComponent(box.dataset.name)}`, { enabled: wanted });
  if (!isDone) box.checked = !wanted;
}

document.addEventListener("click", (event) => {
  const button = event.target.closest("button");
  if (!button?.closest("#main")) return;
  const { remove, name, wake, move } = button.dataset;
  if (remove) alert("DELETE", `/${remove}/${encodeURIComponent(name)}`);
  else if (wake !== undefined) alert("DELETE", `/snoozes?rule=${encodeURIComponent(wake)}`);
  else if (move) moved(button, move);
  else if ("reset" in button.dataset) save(button.form, { [button.closest(".field").dataset.key]: null });
});

/** Put an entry of an ordered list before or behind its neighbour. */
function moved(button, way) {
  const item = button.closest("li");
  const other = way === "up" ? item.previousElementSibling : item.nextElementSibling;
  if (!other) return;
  if (way === "up") other.before(item);
  else other.after(item);
  button.form.dataset.edited = "";
  button.focus();
}

document.addEventListener("tokentide:shown", (event) => dress(event.detail));
dress(document);
