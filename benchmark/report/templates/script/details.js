/* Everything about one model: results, recipe, curve, calibration, cost, command, citation. */

function showDetails(number) {
  const row = DATA.rows[number];
  const { section, title } = DATA.rankings[row.ranking];
  const dialog = document.getElementById("detail");
  const measured = row.results.filter((result) => result.accuracy);
  const width = Math.min(680, innerWidth - 56);
  open(dialog, row.label,
    make("p", { class: "note" }, `${section} · ${title} · recipe ${row.recipe8}`,
      row.page && " · ", row.page && make("a", { href: row.page }, "the model’s page")),
    make("p", { class: "actions" },
      make("button", { type: "button", class: "quiet", click: () => {
        dialog.close();
        showComparison(number, null);
      } }, "Compare with…")),
    ...chapter("Results", measured.length > 0 && [resultTable(row, measured), notes(row.results),
      make("p", { class: "note" }, `Has seen: ${seen(measured)}.`)]),
    ...chapter("Cost", measured.length > 0 && costs(measured[0])),
    ...chapter("Learning curve", row.curves.length > 0 && learningCurve(row.curves, width)),
    ...chapter("Calibration", measured.filter((result) => result.calibration)
      .map((result) => reliability(result.task, result.calibration, Math.min(width, 400)))),
    ...chapter("Measure it again", row.commands.length > 0 && copyable(row.commands.join("\n"), "command")),
    ...chapter("Recipe", recipe(row)),
    ...chapter("Cite", copyable(bibtex(row), "BibTeX")));
}

/** A headed part, or nothing where there is nothing to say. */
function chapter(title, content) {
  const parts = [content].flat().filter(Boolean);
  return parts.length > 0 ? [make("h3", {}, title), ...parts] : [];
}

/** All that the tables tell of each task; columns that are empty throughout are left out. */
function resultTable(row, measured) {
  const elsewhere = ["Backbone", "Distance", "Loss", "Training items", "Training seconds", "Parameters",
    "Has seen"];
  const columns = DATA.details.map((_, n) => n).filter((n) =>
    measured.some((result) => result.details[n]) && !elsewhere.includes(DATA.details[n]));
  const rows = row.results.map((result) => result.accuracy
    ? [result.task, ...columns.map((n) => result.details[n])]
    : [result.task, make("span", { class: "hole" }, result.cell), ...columns.slice(1).map(() => "")]);
  const text = columns.map((n) => DATA.details[n]);
  return tabulate(`Results of ${row.label}, percent`, ["Task", ...text], rows,
    columns.map((_, n) => n + 1));
}

function seen(measured) {
  const column = DATA.details.indexOf("Has seen");
  return [...new Set(measured.map((result) => result.details[column]))].join("; ");
}

/** What the marks in these results mean. */
function notes(results) {
  const used = Object.keys(DATA.notes).filter((each) => results.some(({ marks }) => marks?.includes(each)));
  return used.length === 0 ? null : make("ul", { class: "notes" }, used.map((each) =>
    make("li", {}, make("span", { class: "mark" }, each), ` ${DATA.notes[each]}`)));
}

function costs(result) {
  const told = [
    ["Training items", result.items], ["Training seconds", result.seconds],
    ["Parameters", result.parameters],
  ].filter(([, value]) => value);
  if (told.length === 0) return make("p", {}, "Nothing is trained.");
  return make("dl", { class: "facts" }, told.map(([name, value]) => make("div", {}, make("dt", {}, name),
    make("dd", {}, Math.round(value).toLocaleString("en")))));
}

function recipe(row) {
  const settings = DATA.recipes[row.recipe8];
  if (settings.length === 0) return null;
  return make("dl", { class: "recipe" }, settings.map(([name, value]) =>
    make("div", {}, make("dt", {}, name), make("dd", {}, value === "" ? "–" : value))));
}

const bibtex = (row) =>
  [...row.cite.filter((key) => key in DATA.references).map((key) => DATA.references[key]), DATA.suite].join("\n\n");

