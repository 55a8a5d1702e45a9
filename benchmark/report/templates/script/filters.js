/* Search and filters: rows that do not fit are hidden, and with the last one their table. */

function watchFilters() {
  const controls = document.getElementById("controls");
  const form = controls.querySelector("form");
  controls.hidden = false;
  document.getElementById("filters").open = matchMedia("(min-width: 48rem)").matches;
  form.addEventListener("input", () => filter(form));
  form.addEventListener("reset", () => setTimeout(() => filter(form)));
  form.addEventListener("submit", (event) => event.preventDefault());
  filter(form); // a browser may have kept what was typed before the page was loaded again
}

function filter(form) {
  const values = new FormData(form);
  const words = values.get("search").toLowerCase().split(/\s+/).filter(Boolean);
  const wanted = [...values].filter(([name, value]) => name !== "search" && value !== "");
  let shown = 0, all = 0;
  for (const section of document.querySelectorAll(".track")) {
    let here = 0;
    for (const ranking of section.querySelectorAll(".ranking")) {
      let fits = 0;
      for (const row of ranking.querySelectorAll("tr[data-row]")) {
        row.hidden = !(wanted.every(([name, value]) => row.dataset[name] === value)
          && words.every((word) => searchable(row).includes(word)));
        fits += !row.hidden;
        all += 1;
      }
      ranking.hidden = fits === 0;
      here += fits;
    }
    section.hidden = here === 0;
    shown += here;
  }
  document.getElementById("nothing").hidden = shown > 0;
  document.getElementById("shown").textContent =
    shown === all ? `${all} rows` : `${shown} of ${all} rows`;
}

const texts = new WeakMap();

/** Everything that a row can be found by: its name, its table and its recipe's hash. */
function searchable(row) {
  if (!texts.has(row)) {
    const { row: _, ...filters } = row.dataset;
    const words = [row.querySelector("th").textContent, DATA.rows[row.dataset.row].recipe8,
      ...Object.values(filters)];
    texts.set(row, words.join(" ").toLowerCase());
  }
  return texts.get(row);
}

