/* Accuracy against cost: what a point of accuracy takes in items, seconds or parameters. */

const COSTS = { items: "training items", seconds: "training seconds", parameters: "parameters" };

function scatterSection(place) {
  const names = [...new Set(DATA.rows.flatMap((row) =>
    row.results.filter((result) => result.accuracy).map((result) => result.task)))];
  if (names.length === 0) return;
  const chosen = { task: names[0], cost: "items" };
  const holder = make("div", { class: "drawing" });
  const update = (name) => (value) => { chosen[name] = value; show(); };
  place.replaceChildren(
    make("p", { class: "note" }, "Accuracy with its 95 % interval for these images against what it " +
      "took. Each shape is a ranking; select a point for its details. Points on the left edge were not trained."),
    make("div", { class: "chooser" },
      choice("Task", [[null, names.map((name) => [name, name])]], chosen.task, update("task")),
      choice("Cost", [[null, Object.entries(COSTS)]], chosen.cost, update("cost"))),
    holder);
  let width = 0;
  new ResizeObserver(() => {
    if (holder.clientWidth !== width) { width = holder.clientWidth; show(); }
  }).observe(holder);
  function show() {
    if (width > 0) holder.replaceChildren(...scatter(chosen.task, chosen.cost, Math.min(width, 960)));
  }
}

function scatter(task, cost, width) {
  const points = DATA.rows.flatMap((row, number) => {
    const result = row.results.find((each) => each.task === task && each.accuracy);
    if (!result) return [];
    const [middle, half] = result.accuracy;
    return [{ row, number, cost: result[cost] || 0, accuracy: 100 * middle, half: 100 * (half ?? 0) }];
  });
  const paid = points.map((point) => point.cost).filter((value) => value > 0);
  const free = paid.length < points.length;
  // A decade to the left of the cheapest stands for no cost at all.
  const least = paid.length ? Math.min(...paid) : 10, most = paid.length ? Math.max(...paid) : 10;
  const low = free ? least / 8 : least / 1.5, nothing = low * 1.25;
  const bounds = points.flatMap(({ accuracy, half }) => [accuracy - half, accuracy + half]);
  const bottomMost = Math.max(0, Math.min(...bounds) - 3), topMost = Math.min(100, Math.max(...bounds) + 3);
  const drawing = axes({
    width, height: Math.min(440, Math.max(320, width * 0.55)), role: "group",
    x: { low, high: most * 1.6, log: true, label: COSTS[cost], format: (tick) =>
      (free && tick < least / 2.5 ? "" : brief(tick)) },
    y: { low: bottomMost, high: topMost, label: "accuracy, %", format: String },
    label: `Accuracy on ${task} against ${COSTS[cost]}, ${points.length} points.`,
  });
  const { figure, across, up } = drawing;
  if (free) {
    figure.append(draw("text", { class: "tick", x: across(nothing), y: drawing.bottom + 18,
      "text-anchor": "middle" }, "none"));
  }
  const kinds = [...new Set(points.map(({ row }) => row.ranking))].sort((a, b) => a - b);
  const labels = points.map((point) => {
    const x = across(point.cost || nothing), y = up(point.accuracy);
    figure.append(button(point, kinds.indexOf(point.row.ranking), x, y, up, task));
    return { x, y: y + 4, text: point.row.label };
  });
  if (points.length <= 12 && width >= 480) figure.append(...named(labels, width));
  const legend = make("ul", { class: "legend" }, kinds.map((ranking, n) =>
    make("li", {}, draw("svg", { width: 16, height: 16, "aria-hidden": "true" }, mark(n, 8, 8)),
      DATA.rankings[ranking].title)));
  return [figure, legend];
}

function button({ row, number, accuracy, half }, kind, x, y, up, task) {
  const activate = () => showDetails(number);
  const told = `${row.label}: ${accuracy.toFixed(1)} ± ${half.toFixed(1)} percent on ${task}`;
  return draw("g", { class: "point", role: "button", tabindex: "0", "aria-label": told, click: activate,
    keydown: (event) => {
      if (event.key === "Enter" || event.key === " ") { event.preventDefault(); activate(); }
    } },
  draw("title", {}, told),
  draw("circle", { class: "target", cx: x, cy: y, r: 13 }),
  draw("line", { class: "spread", x1: x, x2: x, y1: up(Math.max(0, accuracy - half)),
    y2: up(Math.min(100, accuracy + half)) }),
  mark(kind, x, y));
}

/** Names beside their points, on the side where there is room, none on top of another. */
function named(labels, width) {
  const left = labels.filter(({ x }) => x > width * 0.62);
  const right = labels.filter(({ x }) => x <= width * 0.62);
  apart(left, 15);
  apart(right, 15);
  const text = (anchor, shift) => ({ x, y, text: name }) =>
    draw("text", { class: "tick", x: x + shift, y, "text-anchor": anchor, "aria-hidden": "true" }, name);
  return [...left.map(text("end", -11)), ...right.map(text("start", 11))];
}

