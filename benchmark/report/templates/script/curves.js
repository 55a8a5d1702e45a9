/* The drawings of a model's details: learning curves and reliability diagrams. */

/** Validation accuracy against training items, a line a seed, with its numbers as a table. */
function learningCurve(curves, width) {
  const points = curves.flatMap((curve) => curve.points);
  const values = points.map(([, correct]) => correct / 100);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const room = Math.max((high - low) * 0.12, 0.5);
  const { figure, across, up } = axes({
    width, height: 270, right: 52,
    x: { low: 0, high: Math.max(...points.map(([items]) => items)), label: "training items", format: brief },
    y: { low: Math.max(0, low - room), high: Math.min(100, high + room), label: "validation accuracy, %",
      format: String },
    label: `Learning curve: validation accuracy ends at ${ends(curves)} percent.`,
  });
  const labels = [];
  curves.forEach(({ seed, fold, points: line }, n) => {
    const path = line.map(([items, correct]) => `${across(items)},${up(correct / 100)}`).join(" ");
    figure.append(draw("polyline", { class: `line line-${n % 4}`, points: path }));
    const [items, correct] = line.at(-1);
    figure.append(mark(n, across(items), up(correct / 100), 3.5));
    labels.push({ x: across(items) + 8, y: up(correct / 100) + 4, text: fold === null ? `seed ${seed}` : `${seed}, fold ${fold}` });
  });
  apart(labels, 13);
  figure.append(...labels.map(({ x, y, text }) => draw("text", { class: "tick", x, y }, text)));
  const rows = curves.flatMap(({ seed, fold, points: line }) =>
    line.map(([items, correct, loss]) =>
      [fold === null ? `${seed}` : `${seed}, fold ${fold}`, items.toLocaleString("en"), (correct / 100).toFixed(1), (loss / 1e6).toFixed(3)]));
  return make("figure", {}, figure,
    make("details", {}, make("summary", {}, "The curve as a table"),
      tabulate("Learning curve", ["Seed", "Items", "Validation accuracy, %", "Loss"], rows, [1, 2, 3])));
}

const ends = (curves) => curves.map(({ points }) => (points.at(-1)[1] / 100).toFixed(1)).join(", ");

/** Moves labels up and down until none stands on another; their order stays. */
function apart(labels, least) {
  const sorted = labels.toSorted((a, b) => a.y - b.y);
  for (let n = 1; n < sorted.length; n++) {
    sorted[n].y = Math.max(sorted[n].y, sorted[n - 1].y + least);
  }
}

/** Accuracy of the answers against their confidence; the dots' areas are numbers of answers. */
function reliability(task, bins, width) {
  const [answers, correct, millionths] = bins;
  const most = Math.max(...answers);
  const told = calibrationError(bins);
  const full = { low: 0, high: 100, format: String };
  const { figure, across, up } = axes({
    width, height: 300,
    x: { ...full, label: "confidence, %" }, y: { ...full, label: "correct, %" },
    label: `Reliability diagram of ${task}: expected calibration error ${percent(told, 2)} percent.`,
  });
  figure.append(draw("line", { class: "ideal", x1: across(0), y1: up(0), x2: across(100), y2: up(100) }));
  const rows = [];
  const dots = [];
  answers.forEach((n, bin) => {
    if (n === 0) return;
    const confidence = millionths[bin] / 1e4 / n, right = (100 * correct[bin]) / n;
    rows.push([confidence.toFixed(1), right.toFixed(1), n.toLocaleString("en")]);
    dots.push([across(confidence), up(right), Math.max(2.5, 9 * Math.sqrt(n / most))]);
  });
  figure.append(
    draw("polyline", { class: "line line-0", points: dots.map(([x, y]) => `${x},${y}`).join(" ") }),
    ...dots.map(([x, y, size]) => mark(0, x, y, size)));
  return make("figure", {},
    make("figcaption", {}, `${task}: expected calibration error ${percent(told, 2)} %. ` +
      "On the dashed line confidence is as high as accuracy; below it the model is too sure."),
    figure,
    make("details", {}, make("summary", {}, "The diagram as a table"),
      tabulate(`Reliability, ${task}`, ["Confidence, %", "Correct, %", "Answers"], rows, [1, 2])));
}

