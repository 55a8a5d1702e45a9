/* The Siamese grid as a heat map: distances down, losses across, one backbone and task at a time. */

function gridSection(place) {
  const rows = DATA.rows.filter((row) => row.grid);
  const groups = new Map();
  for (const row of rows) {
    const { section, title } = DATA.rankings[row.ranking];
    const key = `${row.ranking} ${row.backbone}`;
    if (!groups.has(key)) groups.set(key, { name: `${section}: ${row.backbone}, ${title}`, rows: [] });
    groups.get(key).rows.push(row);
  }
  const cells = ({ rows: those }) => new Set(those.map((row) => `${row.distance} ${row.loss}`)).size;
  const keys = [...groups.keys()].filter((key) => cells(groups.get(key)) > 1);
  let chosen = keys.toSorted((a, b) => groups.get(b).rows.length - groups.get(a).rows.length)[0];
  let task = null;
  const tasks = make("div");
  const holder = make("div");
  place.replaceChildren(
    make("p", { class: "note" }, "Accuracy in percent of each distance with each loss. The darker, the " +
      "higher within this grid; empty cells have not been measured, or cannot be combined. Of several recipes " +
      "of a cell the best on validation is shown."),
    make("div", { class: "chooser" },
      choice("Backbone", [[null, keys.map((key) => [key, groups.get(key).name])]], chosen,
        (value) => { chosen = value; renew(); }), tasks),
    holder);
  renew();
  function renew() {
    const names = groups.get(chosen).rows[0].results.map((result) => result.task);
    if (!names.includes(task)) task = names[0];
    tasks.replaceChildren(choice("Task", [[null, names.map((name) => [name, name])]], task,
      (value) => { task = value; renew(); }));
    holder.replaceChildren(heatMap(groups.get(chosen).rows, task));
  }
}

function heatMap(rows, task) {
  const distances = [...new Set(rows.map((row) => row.distance))].sort();
  const losses = [...new Set(rows.map((row) => row.loss))].sort();
  const result = (row) => row.results.find((each) => each.task === task);
  const measured = rows.filter((row) => result(row).accuracy);
  const values = measured.map((row) => result(row).accuracy[0]);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const cell = (distance, loss) => {
    const here = measured.filter((row) => row.distance === distance && row.loss === loss)
      .toSorted((a, b) => (result(b).validation ?? 0) - (result(a).validation ?? 0));
    if (here.length === 0) return "";
    const value = result(here[0]).accuracy[0];
    const made = make("button", { type: "button", class: "heat",
      click: () => showDetails(DATA.rows.indexOf(here[0])) }, percent(value),
    make("span", { class: "mark" }, result(here[0]).marks && ` ${result(here[0]).marks}`));
    made.style.setProperty("--heat", high > low ? (value - low) / (high - low) : 0.5);
    return made;
  };
  const table = tabulate(`Accuracy on ${task}, percent`, ["Distance", ...losses],
    distances.map((distance) => [distance, ...losses.map((loss) => cell(distance, loss))]),
    losses.map((_, n) => n + 1));
  table.classList.add("heat-map");
  return make("div", {}, table, notes(measured.map(result)));
}

