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

function sort(table, head, index) {
  const isNumber = head.classList.contains("number");
  const first = isNumber ? "descending" : "ascending";
  const way = head.ariaSort === first ? (isNumber ? "ascending" : "descending") : first;
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
  const number = Number.parseFloat(text.replace(/[^0-9.+-]/g, ""));
  return Number.isNaN(number) ? -Infinity : number;
}
