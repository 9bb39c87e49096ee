// What is done on demand: a reading, and the engine's check of the ledger.
import { swap } from "./app.js";

document.addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-post], button[data-check]");
  if (!button) return;
  const said = button.parentElement.querySelector(".said");
  button.disabled = true;
  said.textContent = button.dataset.check ? "checking …" : "reading …";
  try {
    said.textContent = await (button.dataset.check ? check(button.dataset.check) : read(button.dataset.post));
  } catch (error) {
    said.textContent = `That did not work: ${error.message}`;
  }
  button.disabled = false;
  if (button.dataset.post) setTimeout(() => swap(location.href, { push: false, quiet: true }), 1_500);
});

async function check(address) {
  const report = await answered(await fetch(address, { cache: "no-store" }));
  return report.ledger.check === "ok" ? "The engine finds it sound." : `The engine says: ${report.ledger.check}`;
}

async function read(address) {
  const done = await answered(await fetch(address, { method: "POST", headers: { "content-type": "application/json" }, body: "{}" }));
  return `${done.done[0].toUpperCase()}${done.done.slice(1)}.`;
}

async function answered(answer) {
  const told = await answer.json();
  if (!answer.ok) throw new Error(told.error);
  return told;
}
