/*
 * The paired comparison. Two models answered the same episodes, so their accuracies are subtracted
 * unit by unit (a unit is a block of episodes, or a group of classes) after averaging each model
 * over its seeds; seeds do not pair. With U units and S seeds of each model
 *
 *   Var = MS(differences over units) / U + sum over both models of max(0, MS_seed - MS_rest) / (U S)
 *
 * and the t quantile is the mean of the parts' quantiles, weighed by the parts (Cochran and Cox
 * 1957, section 4.14). With one seed each it is the paired t interval over units. With more it is a
 * little wider than that of `oneshot compare`, whose quantile (statistics/quantile.py) is nearer.
 */

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Accuracy [seeds][units] from correct answers [seeds][units]. */
function accuracies(sums, sizes, of) {
  return sums.map((seed) => seed.map((correct, unit) => correct / (sizes[unit] * of)));
}

/** What training luck adds to the variance of a model's mean over units and seeds. */
function luck(x) {
  const seeds = x.length, units = x[0].length;
  if (seeds < 2) return 0;
  const bySeed = x.map(mean), byUnit = x[0].map((_, unit) => mean(x.map((seed) => seed[unit])));
  const all = mean(bySeed);
  const between = bySeed.reduce((sum, value) => sum + (value - all) ** 2, 0);
  let rest = 0;
  x.forEach((seed, s) => seed.forEach((value, u) => {
    rest += (value - bySeed[s] - byUnit[u] + all) ** 2;
  }));
  const seedSquare = (units * between) / (seeds - 1);
  const restSquare = rest / ((seeds - 1) * (units - 1));
  return Math.max(0, seedSquare - restSquare) / (units * seeds);
}

/** First minus second with half of the 95 % interval, in accuracy; null with a single unit. */
function paired(first, second) {
  const units = first[0].length;
  if (units < 2) return null;
  const average = (x, unit) => mean(x.map((seed) => seed[unit]));
  const differences = first[0].map((_, unit) => average(first, unit) - average(second, unit));
  const centre = mean(differences);
  const square = differences.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (units - 1);
  const parts = [
    [square / units, units - 1],
    [luck(first), first.length - 1],
    [luck(second), second.length - 1],
  ].filter(([variance]) => variance > 0);
  const variance = parts.reduce((sum, [value]) => sum + value, 0);
  const quantile = parts.reduce((sum, [value, freedom]) => sum + value * DATA.quantiles[freedom], 0);
  const half = variance > 0 ? (quantile / variance) * Math.sqrt(variance) : 0;
  return { mean: centre, half, units };
}

/** Both intervals for two results of one task: over blocks of episodes and over groups. */
function compare(first, second) {
  const task = DATA.tasks[first.task];
  if (!first.blocks || !second.blocks) return null;
  // On the most episodes that both have answered.
  const level = Math.min(first.blocks.length, second.blocks.length) - 1;
  const between = (kind) => {
    const sizes = task[kind][level];
    if (!sizes) return null;
    const [a, b] = [first, second].map((each) => accuracies(each[kind][level], sizes, task.of));
    return paired(a, b);
  };
  return { episodes: task.lengths[level], images: between("blocks"), classes: between("groups") };
}

/** Expected calibration error: the gap of confidence and accuracy, averaged over answers. */
function calibrationError([answers, correct, millionths]) {
  const all = answers.reduce((sum, value) => sum + value, 0);
  const gap = answers.reduce((sum, n, bin) => sum + Math.abs(correct[bin] - millionths[bin] / 1e6), 0);
  return gap / all;
}

