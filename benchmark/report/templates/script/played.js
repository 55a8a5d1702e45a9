/* A person's result: the error with its interval, beside the models' and the published ones. */

/** Wilson's 95 % interval for a share (1927, JASA 22:209): [low, high]. */
function wilson(count, all) {
  const z2 = 1.959963984540054 ** 2, share = count / all;
  const centre = (share + z2 / (2 * all)) / (1 + z2 / all);
  const half = Math.sqrt(z2 * (share * (1 - share) / all + z2 / (4 * all * all))) / (1 + z2 / all);
  return [Math.max(0, centre - half), Math.min(1, centre + half)];
}

/** Title, numbers, comparison and mistakes; `next` is what can be pressed then. */
function played(test, answers, next) {
  const wrong = answers.flatMap((answer, n) => (answer === test.trials[n][2] ? [] : [n]));
  const [low, high] = wilson(wrong.length, answers.length);
  const you = { label: "You", detail: `${answers.length} question${answers.length === 1 ? "" : "s"}`,
    error: wrong.length / answers.length, low, high };
  const ways = test.supports[0].length;
  return [
    make("h2", { tabindex: "-1" }, `${wrong.length} of ${answers.length} wrong`),
    make("dl", { class: "facts", id: "played" },
      make("div", {}, make("dt", {}, "Your error"), make("dd", {}, `${percent(you.error)}\u00a0%`)),
      make("div", {}, make("dt", {}, "95 % interval"), make("dd", {}, `${percent(low)} to ${percent(high)}\u00a0%`))),
    make("p", { class: "note" }, "Wilson's interval, for independent questions. Stop where you like, but decide that " +
      `before you see the result. Guessing is wrong in ${percent(1 - 1 / ways, 0)}\u00a0% of all questions.`),
    next,
    ...besides(test, you),
    ...mistakes(test, answers, wrong),
  ];
}

/** Everyone on one scale, the fewest errors first. */
function besides(test, you) {
  const others = [
    ...test.models.map((each) => ({ ...each, kind: 0 })),
    ...test.published.map((each) => ({ ...each, kind: 1, label: `${each.label}, published` })),
  ].map((each) => ({ ...each, low: Math.max(0, each.error - (each.half ?? 0)), high: Math.min(1, each.error + (each.half ?? 0)) }));
  const none = test.models.length > 0 ? null : make("p", {}, "These results hold no record of ",
    make("code", {}, test.task), ", so no model of them stands beside you. This makes one: ",
    make("code", {}, `oneshot run prototypical-conv4 --task ${test.task}`));
  if (others.length === 0) return [none];
  const everyone = [...others, { ...you, kind: 2 }].toSorted((a, b) => a.error - b.error || b.kind - a.kind);
  const reach = Math.max(...everyone.map(({ high }) => high), 0.01);
  const rows = everyone.map((each) => [
    make("span", {}, each.kind === 2 ? make("strong", {}, each.label) : each.label,
      make("span", { class: "below" }, each.detail)),
    make("span", {}, percent(each.error), each.kind === 2 || each.half === null ? null
      : make("span", { class: "spread" }, ` ± ${percent(each.half)}`),
    each.mark ? make("span", { class: "mark" }, ` ${each.mark}`) : null,
    each.kind === 2 ? make("span", { class: "below" }, `${percent(each.low)} to ${percent(each.high)}`) : null),
    each.kind === 2 ? "" : held(you, each),
    onScale(each, reach, innerWidth < 640 ? 110 : 320),
  ]);
  const table = tabulate(`Errors on ${test.task}, percent`,
    ["Who", "Error, %", "Against you", `0 to ${percent(reach, 0)} %`], rows, [1]);
  table.classList.add("beside");
  return [
    none,
    table,
    make("p", { class: "note" }, "Lines are 95 % intervals. Somebody is told apart from you where the two lines do not " +
      "touch; a published number has a line only where its source prints one. " +
      "Models have answered all questions of the task or a declared part of them, you these alone." +
      (test.published.some(({ mark }) => mark) ? " * Not checked in the source itself." : "")),
  ].filter(Boolean);
}

function held(you, other) {
  if (other.high < you.low) return "fewer errors";
  if (other.low > you.high) return "more errors";
  return "not told apart";
}

function onScale({ low, high, error, kind }, reach, width) {
  const across = (value) => 8 + (value / reach) * (width - 16);
  return draw("svg", { class: "forest", viewBox: `0 0 ${width} 28`, width, height: 28, "aria-hidden": "true" },
    draw("line", { class: "rule", x1: across(0), x2: across(reach), y1: 14, y2: 14 }),
    draw("line", { class: "spread", x1: across(low), x2: across(high), y1: 14, y2: 14 }),
    mark([0, 1, 3][kind], across(error), 14, kind === 2 ? 6 : 4.5));
}

/** Each wrong answer with what was asked, chosen and right. */
function mistakes(test, answers, wrong) {
  if (wrong.length === 0) return [];
  const tile = (item, caption, name) => make("figure", {},
    drawing(test.drawings[item], test.side, name), make("figcaption", {}, caption));
  const shown = wrong.map((n) => {
    const [episode, query, right] = test.trials[n];
    const choices = test.supports[episode];
    return make("li", {}, make("span", { class: "below" }, `Question ${n + 1}`), make("div", { class: "mistake" },
      tile(query, "asked", "What was asked"),
      tile(choices[answers[n]], `you: ${LETTERS[answers[n]]}`, "What you chose"),
      tile(choices[right], `right: ${LETTERS[right]}`, "The right choice")));
  });
  return [make("h3", {}, "Your mistakes"), make("ul", { class: "mistakes" }, shown)];
}

