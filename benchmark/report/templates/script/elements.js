/* Making elements. Text is always set as text: nothing on this page is ever parsed as markup. */

const DATA = JSON.parse(document.getElementById("data").textContent);

/** An element with attributes; a function among them listens to the event of its name. */
function make(name, attributes = {}, ...children) {
  return furnish(document.createElement(name), attributes, children);
}

/** The same for a part of a drawing. */
function draw(name, attributes = {}, ...children) {
  return furnish(document.createElementNS("http://www.w3.org/2000/svg", name), attributes, children);
}

function furnish(element, attributes, children) {
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === "function") element.addEventListener(name, value);
    else if (value !== null && value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const percent = (value, digits = 1) => (100 * value).toFixed(digits);

/** A difference in points with its sign, as typographers write it. */
function signed(value, digits = 1) {
  const text = Math.abs(value).toFixed(digits);
  if (Number(text) === 0) return text;
  return (value < 0 ? "−" : "+") + text;
}

/** 480000 as 480k. */
function brief(value) {
  const [size, unit] = [[1e9, "G"], [1e6, "M"], [1e3, "k"]].find(([least]) => value >= least) ?? [1, ""];
  return `${Number((value / size).toPrecision(3))}${unit}`;
}

/** A table with a caption from rows of texts or elements; the first column heads its rows. */
function tabulate(caption, heads, rows, numbers = []) {
  const kind = (column) => (numbers.includes(column) ? "number" : null);
  const body = rows.map((row) =>
    make("tr", {}, row.map((cell, column) =>
      column === 0
        ? make("th", { scope: "row" }, cell)
        : make("td", { class: kind(column) }, cell))));
  return make("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": caption },
    make("table", {},
      make("caption", {}, caption),
      make("thead", {}, make("tr", {}, heads.map((head, column) =>
        make("th", { scope: "col", class: kind(column) }, head)))),
      make("tbody", {}, body)));
}

/** A select under a label; `groups` are [label of the group or null, [[value, text], ...]]. */
function choice(label, groups, value, change) {
  const select = make("select", { change: () => change(select.value) });
  for (const [name, options] of groups) {
    const made = options.map(([key, text]) => make("option", { value: key }, text));
    select.append(...(name === null ? made : [make("optgroup", { label: name }, ...made)]));
  }
  select.value = value;
  return make("label", {}, label, select);
}

/** Text to be copied, with the button that does it. */
function copyable(text, what) {
  const button = make("button", { type: "button", class: "quiet", click: copy }, `Copy ${what}`);
  const block = make("pre", { tabindex: "0" }, make("code", {}, text));
  async function copy() {
    try {
      await navigator.clipboard.writeText(text);
      button.textContent = "Copied";
    } catch {
      // Pages from a disk may have no clipboard: then what is to be copied is at least selected.
      getSelection().selectAllChildren(block);
      button.textContent = "Selected, press Ctrl+C";
    }
    setTimeout(() => { button.textContent = `Copy ${what}`; }, 2500);
  }
  return make("div", { class: "copyable" }, block, button);
}

/** Opens a dialog; Escape, its button and a click outside close it, and the focus goes back. */
function open(dialog, title, ...content) {
  const id = `${dialog.id}-title`;
  dialog.replaceChildren(
    make("div", { class: "sheet" },
      make("header", {},
        make("h2", { id, tabindex: "-1" }, title),
        make("button", { type: "button", class: "quiet", click: () => dialog.close() }, "Close")),
      ...content));
  dialog.onclick = (event) => { if (event.target === dialog) dialog.close(); };
  if (!dialog.open) dialog.showModal();
  dialog.scrollTop = 0;
  document.getElementById(id).focus();
}

