/* One-bit drawings; benchmark/report/play/drawings.py packs them and tells how. */

const DIGITS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** Pixels [side * side], 1 for ink and 0 for paper. */
function unpack(text, side) {
  let at = 0;
  const bit = () => {
    const digit = DIGITS.indexOf(text[Math.floor(at / 6)]);
    return (digit >> (5 - (at++ % 6))) & 1;
  };
  const gap = () => {
    let length = 3;
    while (bit() === 0) length += 1;
    let number = 1;
    for (let n = 0; n < length; n++) number = 2 * number + bit();
    return number - 8;
  };
  const pixels = new Uint8Array(side * side);
  const ink = (x, y) => (x < 0 || y < 0 ? 0 : pixels[y * side + x]);
  let wrong = gap();
  for (let place = 0; place < pixels.length; place++) {
    const x = place % side, y = Math.floor(place / side);
    const above = ink(x, y - 1), left = ink(x - 1, y);
    const guess = above === ink(x - 1, y - 1) ? left : above;
    pixels[place] = place === wrong ? 1 - guess : guess;
    if (place === wrong) wrong += gap() + 1;
  }
  return pixels;
}

/** A drawing in black on whatever paper the style gives it; unnamed where its button has the name. */
function drawing(text, side, name = null) {
  const canvas = make("canvas", { class: "drawing-of-one", width: side, height: side,
    role: name && "img", "aria-label": name, "aria-hidden": name ? null : "true" });
  const image = new ImageData(side, side);
  unpack(text, side).forEach((ink, place) => { image.data[4 * place + 3] = 255 * ink; });
  canvas.getContext("2d").putImageData(image, 0, 0);
  return canvas;
}

