// Tables that are sorted by their headings, with the mouse and the keyboard.

/** Make the headings of every sortable table below `where` into buttons. */
export function dressTables(where) {
  for (const table of where.querySelectorAll("table[data-sortable]:not([data-dressed])")) {
    table.dataset.dressed = "";
    [...table.tHead.rows[0].cells].forEach((head, index) => {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = head.textContent.trim();
      button.addEventListener("click", () => sort(table, head, index));
      head.replaceChildren(button);
    });
  }
}

/** Bring the tables of a redrawn part into the order that a person gave those before them. */
export function keepOrder(old, fresh) {
  dressTables(fresh);
  const tables = fresh.querySelectorAll("table[data-sortable]");
  old.querySelectorAll("table[data-sortable]").forEach((table, at) => {
    const sorted = [...table.tHead.rows[0].cells].find((head) => head.ariaSort);
    const head = sorted && tables[at]?.tHead.rows[0].cells[sorted.cellIndex];
    if (head?.textContent === sorted?.textContent && head) sort(tables[at], head, head.cellIndex, sorted.ariaSort);
  });
}

function sort(table, head, index, wish = null) {
  const isNumber = head.classList.contains("number");
  const first = isNumber ? "descending" : "ascending";
  const way = wish ?? (head.ariaSort === first ? (isNumber ? "ascending" : "descending") : first);
  for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", way);
  const sign = way === "ascending" ? 1 : -1;
  const body = table.tBodies[0];
  const rows = [...body.rows].map((row) => [valueOf(row.cells[index], isNumber), row]);
  rows.sort(([a], [b]) => sign * (isNumber ? a - b : a.localeCompare(b, undefined, { numeric: true })));
  body.append(...rows.map(([, row]) => row));
}

function valueOf(cell, isNumber) {
  const text = cell.dataset.value ?? cell.textContent.trim();
  if (!isNumber) return text.toLowerCase();
  return amountOf(text) ?? -Infinity;
}

const UNITS = { K: 1e3, k: 1e3, M: 1e6, G: 1e9, B: 1e9, T: 1e12 }; // 1.2M tokens and 1.2 MB; 88 B are bytes
const SECONDS = { d: 86400, h: 3600, min: 60, s: 1 };

/** The first figure of a text: 1.2M, -$3.20, 34 (5.3 %), 1.10 MB, 2 h 05 min; null where there is none. */
function amountOf(text) {
  const stretches = [...text.matchAll(/(\d+) (d|h|min|s)\b/g)];
  if (stretches.length) return stretches.reduce((sum, [, count, unit]) => sum + Number(count) * SECONDS[unit], 0);
  const found = /(-?)[^\d\s.,-]*(\d[\d,]*(?:\.\d+)?)(?:([KMBT])\b| ([kMGT])B\b)?/.exec(text);
  if (!found) return null;
  const [, sign, digits, count, bytes] = found;
  return (sign ? -1 : 1) * Number(digits.replaceAll(",", "")) * (UNITS[count ?? bytes] ?? 1);
}
