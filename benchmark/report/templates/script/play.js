/*
 * Beat the network: a person answers what the models answer, one query of an episode at a time. No
 * answer is told before the end, as the models are not told either.
 */

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";

const press = (label, click, kind = null, disabled = false) =>
  make("button", { type: "button", class: kind, click, disabled }, label);

/** The whole test inside `place`: welcome, questions, result; answers are kept in the browser. */
function playSection(place, test) {
  const store = `oneshot-play-${test.digest}`;
  const ways = test.supports[0].length, all = test.trials.length;
  const answers = remembered();
  place.replaceChildren(...welcome());

  function show(...content) {
    place.replaceChildren(...content);
    place.querySelector("[tabindex='-1']").focus();
  }

  function welcome() {
    const begun = answers.length > 0 && answers.length < all;
    const done = answers.length === all;
    return [
      make("h2", { tabindex: "-1" }, "Can you do better?"),
      make("p", {}, `You see one drawing and ${ways} choices. One of the choices is the same character, drawn by ` +
        `another hand. Which? ${all} questions of the task ${test.task}: drawings and choices are the models’ own.`),
      make("p", {}, "No answer is told before the end, as the models are not told either. You can stop after any " +
        "question, and your answers stay in this browser."),
      make("div", { class: "bar" },
        done ? press("Show my result", finish) : null,
        begun ? press(`Go on with question ${answers.length + 1}`, ask) : null,
        begun || done ? press("Start again", anew, "quiet") : press("Start", anew)),
    ];
  }

  function anew() {
    answers.length = 0;
    ask();
  }

  function ask() {
    keep(store, JSON.stringify(answers));
    if (answers.length === all) return finish();
    const number = answers.length;
    const [episode, query] = test.trials[number];
    const buttons = test.supports[episode].map((support, position) =>
      make("button", { type: "button", class: "choice", "aria-label": `Choice ${LETTERS[position]}`,
        tabindex: position === 0 ? "0" : "-1",
        // The second half of a double click falls on the next question, which nobody has seen yet.
        click: (event) => { if (event.detail < 2) answered(position); } },
      drawing(test.drawings[support], test.side), make("span", { "aria-hidden": "true" }, LETTERS[position])));
    const choices = make("div", { class: "choices", role: "group", "aria-label": `${ways} choices` }, buttons);
    choices.addEventListener("focusin", ({ target }) =>
      buttons.forEach((each) => each.setAttribute("tabindex", each === target ? "0" : "-1")));
    const question = make("div", { class: "question" },
      make("figure", {},
        drawing(test.drawings[query], test.side, "The character to find"),
        make("figcaption", {}, "Which is the same character?")),
      choices);
    const sheet = make("div", { keydown: (event) => steer(event, buttons) },
      make("h2", { tabindex: "-1" }, `Question ${number + 1} of ${all}`),
      make("progress", { max: all, value: number, "aria-label": "Answered" }),
      question,
      make("div", { class: "bar" },
        press("Back", () => { answers.pop(); ask(); }, "quiet", number === 0),
        press("Stop and show my result", finish, "quiet", number === 0)),
      make("p", { class: "note" }, `Or with keys: the letters A to ${LETTERS[ways - 1]} answer at once; arrows go ` +
        "from choice to choice, Enter takes one."));
    return show(sheet);
  }

  function answered(position) {
    answers.push(position);
    ask();
  }

  /** Letters answer; arrows move through the choices as they lie on the screen. */
  function steer(event, buttons) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const letter = event.key.length === 1 ? LETTERS.indexOf(event.key.toUpperCase()) : -1;
    if (letter >= 0 && letter < ways && !event.repeat) return answered(letter);
    const columns = buttons.filter((each) => each.offsetTop === buttons[0].offsetTop).length;
    const step = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[event.key];
    if (step === undefined) return undefined;
    event.preventDefault();
    const here = buttons.indexOf(document.activeElement);
    return (here < 0 ? buttons[0] : buttons[here + step])?.focus();
  }

  function finish() {
    show(...played(test, answers, make("div", { class: "bar" },
      answers.length < all ? press("Go on", ask) : null, press("Start again", anew, "quiet"))));
  }

  /** What this browser has kept of the very same test, if that can be its answers. */
  function remembered() {
    try {
      const found = JSON.parse(kept(store));
      const fits = Array.isArray(found) && found.length <= all
        && found.every((each) => Number.isInteger(each) && each >= 0 && each < ways);
      return fits ? found : [];
    } catch { return []; }
  }
}

