/* Tables that sort. The rank is the ranking's own and stays with its row in whatever order. */

/** Puts a button into each head of a table; a click sorts, another one turns the order round. */
function sortable(table) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    if (!head.hasAttribute("aria-sort")) return;
    const title = head.textContent.trim();
    const button = make("button", { type: "button", click: () => sortBy(table, column) }, title,
      make("span", { class: "arrow", "aria-hidden": "true" }));
    head.replaceChildren(button);
  });
}

function sortBy(table, column) {
  const heads = [...table.tHead.rows[0].cells];
  const head = heads[column];
  const numbers = head.classList.contains("number");
  const firstWay = numbers && head.textContent !== "Rank" ? "descending" : "ascending";
  const other = firstWay === "ascending" ? "descending" : "ascending";
  const way = head.getAttribute("aria-sort") === firstWay ? other : firstWay;
  for (const each of heads) {
    if (each.hasAttribute("aria-sort")) each.setAttribute("aria-sort", "none");
  }
  head.setAttribute("aria-sort", way);
  const sign = way === "ascending" ? 1 : -1;
  const rows = [...table.tBodies[0].rows].map((row) => [row.cells[column].dataset.value, row]);
  rows.sort(([a], [b]) => {
    // Holes come last in either order.
    if (a === undefined || b === undefined) return (a === undefined) - (b === undefined);
    return sign * (numbers ? Number(a) - Number(b) : a.localeCompare(b, "en", { numeric: true }));
  });
  table.tBodies[0].append(...rows.map(([, row]) => row));
}

/** The model's name becomes the button that opens its details; a box chooses it to be compared. */
function enliven(row) {
  const number = Number(row.dataset.row);
  const name = row.querySelector("th");
  const label = name.textContent;
  name.replaceChildren(
    make("button", { type: "button", class: "name", click: () => showDetails(number) }, label));
  row.querySelector(".pick").append(
    make("input", { type: "checkbox", "aria-label": `Compare ${label}`, change: (event) =>
      choose(number, event.target.checked) }));
}

