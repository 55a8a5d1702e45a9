/* The frame of a drawing: scales, grid lines and the words beside them. */

/** Round numbers between two values, about as many as wanted. */
function ticks(low, high, wanted) {
  const rough = (high - low) / wanted;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((each) => each >= rough);
  const found = [];
  for (let n = Math.ceil(low / step - 1e-9); n * step <= high + step * 1e-9; n++) found.push(n * step);
  return found;
}

/** Powers of ten, with 2 and 5 between them where there are few. */
function logTicks(low, high) {
  const found = [];
  const between = Math.log10(high / low) < 2.5 ? [1, 2, 5] : [1];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    found.push(...between.map((factor) => factor * 10 ** power));
  }
  return found.filter((tick) => tick >= low && tick <= high);
}

/**
 * An empty drawing with axes. `x` and `y` have low, high, label, format, and x may be `log`.
 * Gives the drawing and the functions from values to its units.
 */
function axes({ width, height, x, y, label, left = 44, right = 16, role = "img" }) {
  const top = 22, bottom = height - 40;
  const place = x.log ? Math.log10 : (value) => value;
  const across = (value) =>
    left + ((place(value) - place(x.low)) / (place(x.high) - place(x.low))) * (width - left - right);
  const up = (value) => bottom - ((value - y.low) / (y.high - y.low)) * (bottom - top);
  const figure = draw("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role, "aria-label": label });
  for (const tick of ticks(y.low, y.high, 5)) {
    figure.append(
      draw("line", { class: "rule", x1: left, x2: width - right, y1: up(tick), y2: up(tick) }),
      draw("text", { class: "tick", x: left - 8, y: up(tick) + 4, "text-anchor": "end" }, y.format(tick)));
  }
  let last = -Infinity;
  for (const tick of x.log ? logTicks(x.low, x.high) : ticks(x.low, x.high, width / 90)) {
    if (across(tick) - last < 36) continue;
    last = across(tick);
    figure.append(
      draw("text", { class: "tick", x: last, y: bottom + 18, "text-anchor": "middle" }, x.format(tick)));
  }
  figure.append(
    draw("line", { class: "axis", x1: left, x2: width - right, y1: bottom, y2: bottom }),
    draw("text", { class: "label", x: 0, y: 11 }, y.label),
    draw("text", { class: "label", x: width - right, y: height - 4, "text-anchor": "end" }, x.label));
  return { figure, across, up, left, bottom, top, right: width - right };
}

/** One of six shapes around a point, so that colour is never the only difference. */
function mark(kind, x, y, size = 5) {
  const shapes = [
    () => draw("circle", { cx: x, cy: y, r: size }),
    () => draw("rect", { x: x - size * 0.9, y: y - size * 0.9, width: size * 1.8, height: size * 1.8 }),
    () => polygon([[0, -1.25], [1.15, 0.8], [-1.15, 0.8]]),
    () => polygon([[0, -1.3], [1.3, 0], [0, 1.3], [-1.3, 0]]),
    () => polygon([[0, 1.25], [1.15, -0.8], [-1.15, -0.8]]),
    () => polygon([[-1.2, -0.4], [-0.4, -0.4], [-0.4, -1.2], [0.4, -1.2], [0.4, -0.4], [1.2, -0.4],
      [1.2, 0.4], [0.4, 0.4], [0.4, 1.2], [-0.4, 1.2], [-0.4, 0.4], [-1.2, 0.4]]),
  ];
  function polygon(corners) {
    const points = corners.map(([dx, dy]) => `${x + dx * size},${y + dy * size}`).join(" ");
    return draw("polygon", { points });
  }
  const shape = shapes[kind % shapes.length]();
  shape.setAttribute("class", `series-${kind % 6}`);
  return shape;
}

