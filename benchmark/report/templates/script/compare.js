/* Two rows side by side on the tasks that both have answered, with the interval of the difference. */

const chosenRows = [];

/** Checks or unchecks a row for the comparison; a third pushes out the first. */
function choose(number, checked) {
  if (checked) chosenRows.push(number);
  else chosenRows.splice(chosenRows.indexOf(number), 1);
  if (chosenRows.length > 2) box(chosenRows.shift()).checked = false;
  renewTray();
}

const box = (number) => document.querySelector(`tr[data-row="${number}"] input`);

function renewTray() {
  const tray = document.getElementById("tray");
  tray.hidden = chosenRows.length === 0;
  const labels = chosenRows.map((number) => DATA.rows[number].label);
  tray.replaceChildren(
    make("p", { role: "status" }, labels.length < 2 ? `${labels[0] ?? ""}: choose another one` : labels.join(" and ")),
    make("button", { type: "button", disabled: labels.length < 2, click: () => showComparison(...chosenRows) },
      "Compare"),
    make("button", { type: "button", class: "quiet", click: clearChosen }, "Clear"));
}

function clearChosen() {
  for (const number of chosenRows.splice(0)) box(number).checked = false;
  renewTray();
}

function showComparison(first = null, second = null) {
  const pair = [first, second];
  const result = make("div", { "aria-live": "polite" });
  const groups = DATA.rankings.map(({ section, title }, ranking) => [`${section}: ${title}`,
    DATA.rows.flatMap((row, n) => (row.ranking === ranking ? [[String(n), row.label]] : []))]);
  const select = (label, position) => choice(label, [[null, [["", "choose a row"]]], ...groups],
    pair[position] ?? "", (value) => {
      pair[position] = value === "" ? null : Number(value);
      result.replaceChildren(...comparison(...pair));
    });
  result.append(...comparison(...pair));
  open(document.getElementById("compare"), "Compare two rows",
    make("div", { class: "chooser" }, select("First", 0), select("Second", 1)), result);
}

function comparison(first, second) {
  if (first === null || second === null) return [];
  const [a, b] = [DATA.rows[first], DATA.rows[second]];
  const shared = a.results.flatMap((result) => {
    const other = b.results.find((each) => each.task === result.task);
    const found = result.accuracy && other?.accuracy ? compare(result, other) : null;
    const oneSeed = result.one_seed || other?.one_seed;
    return found ? [{ result, other, oneSeed, ...found }] : [];
  });
  if (first === second) return [make("p", {}, "These are the same row.")];
  const beyond = onlyTyped(a, b);
  if (shared.length === 0) return beyond ?? [make("p", {}, "These rows share no task that both have answered.")];
  const reach = Math.max(...shared.flatMap(({ images, classes }) =>
    [images, classes].filter(Boolean).map(({ mean: centre, half }) => Math.abs(centre) + half)), 0.001);
  const rows = shared.map(({ result, other, oneSeed, images, classes, episodes }) => [
    make("span", {}, result.task,
      make("span", { class: "below" }, `${episodes.toLocaleString("en")} episodes`)),
    result.cell, other.cell, difference(images, "images", oneSeed), interval(images, reach),
    difference(classes, "classes", oneSeed), interval(classes, reach),
  ]);
  const [one, two] = [DATA.rankings[a.ranking], DATA.rankings[b.ranking]];
  const nameOf = (row) => (a.label === b.label ? `${row.label} (${row.recipe8})` : row.label);
  return [
    one === two ? null : make("p", { class: "warning" }, `Not of one ranking: ${one.title} against ${two.title}. ` +
      "The difference describes; it ranks nothing."),
    tabulate(`First minus second, in points: ${nameOf(a)} minus ${nameOf(b)}`,
      ["Task", nameOf(a), nameOf(b), "These images", unseen("Interval"), "New classes", unseen("Interval")], rows, [1, 2, 3, 5]),
    make("p", { class: "note" }, "Both answered the same episodes, so the difference is taken unit by unit. " +
      "These images: units are blocks of consecutive episodes (at most 50). New classes: units are groups of " +
      "classes, such as alphabets, each weighing the same. ± is half of the 95 % interval: paired t over the " +
      "units, with the spread between training seeds added for a model with two or more (seeds pair as well where " +
      "both answered with the same trained networks); with a single seed the variance between trainings is unknown, and nothing is said of the methods. Each task stands alone: of twenty equal pairs one seems to differ."),
  ].filter(Boolean);
}

/** What to type for verification and retrieval, whose single answers the page does not hold. */
function onlyTyped(a, b) {
  const tasks = a.results.filter((result) => result.accuracy && !result.blocks &&
    b.results.some((other) => other.task === result.task && other.accuracy)).map((result) => result.task);
  if (tasks.length === 0) return null;
  const [one, two] = [a, b].map((row) => `'${row.key}--${row.recipe8}'`);
  return [make("p", {}, `Both have answered ${tasks.join(", ")}. The page compares episodes only; trials and queries ` +
    "are compared in pairs by the command line:"),
  ...tasks.map((task) => copyable(`oneshot compare ${one} ${two} --task '${task.split(" ")[0]}'`, "command"))];
}

const unseen = (text) => make("span", { class: "visually-hidden" }, text);

/** The difference in points, its interval and what that says; one seed says nothing of a method. */
function difference(found, kind, oneSeed) {
  if (!found) return "";
  const { mean: centre, half, units } = found;
  const [low, high] = [centre - half, centre + half];
  const says = oneSeed ? "1 seed: no test" : low > 0 ? "first higher" : high < 0 ? "second higher" : "not told apart";
  return make("span", { "data-kind": kind, "data-mean": centre, "data-half": half },
    `${signed(100 * centre)} ± ${percent(half)}`,
    make("span", { class: "below" }, `${says}, ${units} ${kind === "images" ? "blocks" : "groups"}`));
}

function interval(found, reach) {
  if (!found) return "";
  const across = (value) => 44 + (value / reach) * 40;
  const { mean: centre, half } = found;
  return draw("svg", { class: "forest", viewBox: "0 0 88 28", width: 88, height: 28, "aria-hidden": "true" },
    draw("line", { class: "ideal", x1: 44, x2: 44, y1: 2, y2: 26 }),
    draw("line", { class: "spread", x1: across(centre - half), x2: across(centre + half), y1: 14, y2: 14 }),
    mark(0, across(centre), 14, 4.5));
}

