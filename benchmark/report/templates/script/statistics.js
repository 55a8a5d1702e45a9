/*
 * The paired comparison of `oneshot compare` (statistics/paired.py and difference.py). Two models
 * answered the same episodes, so their accuracies are subtracted unit by unit (a unit is a block of
 * episodes, or a group of classes) after averaging each model over its seeds. Seeds pair only where
 * both answered with the same trained networks.
 */

const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Accuracy [seeds][units] from correct answers [seeds][units]. */
function accuracies(sums, sizes, of) {
  return sums.map((seed) => seed.map((correct, unit) => correct / (sizes[unit] * of)));
}

/** The variance of a model's mean by its seeds: as it shows (raw), and without residuals (part). */
function luck(x) {
  const seeds = x.length, units = x[0].length;
  if (seeds < 2) return { raw: 0, part: 0, freedom: 1 };
  const bySeed = x.map(mean), byUnit = x[0].map((_, unit) => mean(x.map((seed) => seed[unit])));
  const all = mean(bySeed);
  const between = bySeed.reduce((sum, value) => sum + (value - all) ** 2, 0) / (seeds - 1);
  let rest = 0;
  x.forEach((seed, s) => seed.forEach((value, u) => {
    rest += (value - bySeed[s] - byUnit[u] + all) ** 2;
  }));
  const residual = rest / ((seeds - 1) * (units - 1));
  return { raw: between / seeds, part: Math.max(0, between - residual / units) / seeds, freedom: seeds - 1 };
}

/** What |t| exceeds once in twenty times with so many degrees of freedom, any number from 1 on. */
function quantile(freedom) {
  const last = DATA.quantiles.length - 1, place = last / freedom, below = Math.floor(place);
  const [one, two] = [DATA.quantiles[below], DATA.quantiles[Math.min(below + 1, last)]];
  return one * (two / one) ** (place - below);
}

/** The quantile of a variance of three parts: luck in training of each model, and the units. */
function mixed(a, b, part, freedom) {
  const both = a.part + b.part, share = both > 0 ? both / (both + part) : 0;
  if (share === 0) return quantile(freedom);
  const least = a.part === 0 ? b.freedom : b.part === 0 ? a.freedom : Math.min(a.freedom, b.freedom);
  const welch = both ** 2 / (a.part ** 2 / a.freedom + b.part ** 2 / b.freedom);
  const { trust, steep } = DATA.difference, raised = share ** steep;
  const weight = raised / (raised + 1 - share);
  return weight * quantile(least + trust * Math.max(0, welch - least)) + (1 - weight) * quantile(freedom);
}

/** First minus second with half of the 95 % interval, in accuracy; null with a single unit. */
function paired(first, second, sameNetworks) {
  const units = first[0].length;
  if (units < 2) return null;
  if (sameNetworks) {
    first = first.map((seed, s) => seed.map((value, unit) => value - second[s][unit]));
    second = [first[0].map(() => 0)];
  }
  const average = (x, unit) => mean(x.map((seed) => seed[unit]));
  const differences = first[0].map((_, unit) => average(first, unit) - average(second, unit));
  const centre = mean(differences);
  const part = differences.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (units - 1) / units;
  const [a, b] = [luck(first), luck(second)];
  const error = Math.sqrt(Math.max(part + a.part + b.part, a.raw + b.raw));
  return { mean: centre, half: mixed(a, b, part, units - 1) * error, units };
}

/** Both intervals for two results of one task: over blocks of episodes and over groups. */
function compare(first, second) {
  const task = DATA.tasks[first.task], same = first.networks !== null && first.networks === second.networks;
  if (!first.blocks || !second.blocks) return null;
  // On the most episodes that both have answered.
  const level = Math.min(first.blocks.length, second.blocks.length) - 1;
  const between = (kind) => {
    const sizes = task[kind][level];
    if (!sizes) return null;
    const [a, b] = [first, second].map((each) => accuracies(each[kind][level], sizes, task.of));
    return paired(a, b, same);
  };
  return { episodes: task.lengths[level], images: between("blocks"), classes: between("groups"), same };
}

/** Expected calibration error: the gap of confidence and accuracy, averaged over answers. */
function calibrationError([answers, correct, millionths]) {
  const all = answers.reduce((sum, value) => sum + value, 0);
  const gap = answers.reduce((sum, n, bin) => sum + Math.abs(correct[bin] - millionths[bin] / 1e6), 0);
  return gap / all;
}

