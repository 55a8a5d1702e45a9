"""A sheet of items laid out in pixels: images, texts or vectors with words and frames around them.

Episodes and trials are drawn on it. What says something by its colour says it by a line or a letter
too, so that it can be read in grey.
"""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox, TransformedBbox
from numpy.typing import NDArray

from benchmark.datasets.data_set import DataSet
from benchmark.report.escape import printable
from benchmark.report.figures import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes

POINTS = 72 / theme.DOTS_PER_INCH  # of a pixel
WRONG = theme.COLOURS[1]
SIZES = {"image": (64, 64), "text": (176, 30), "vector": (96, 48)}  # of a tile, pixels
LETTERS = 21  # of a text in a tile


@dataclass(frozen=True)
class Sheet:
    """An empty white sheet; (0, 0) is its upper left corner and a unit one pixel."""

    figure: Figure
    ax: Axes

    def text(self, x: float, y: float, words: str, size: float = 18, **look: Any) -> None:
        """Lines of words whose upper left corner is (x, y), `size` pixels high."""
        look = {"va": "top", "ha": "left", "color": theme.INK} | look
        shown = "\n".join(map(printable, words.split("\n")))
        self.ax.text(x, y, shown, fontsize=size * POINTS, linespacing=1.35, **look)

    def box(self, x: float, y: float, wide: float, high: float) -> TransformedBbox:
        """A rectangle that words can be cut off at."""
        return TransformedBbox(Bbox.from_extents(x, y, x + wide, y + high), self.ax.transData)

    def frame(self, x: float, y: float, size: tuple[int, int], wrong: bool = False) -> None:
        """A frame around a tile: hair-thin, or thick and coloured where an answer is wrong."""
        # Inside the tile, so that frames of neighbours do not touch.
        inset, width, colour = (2.0, 4.0, WRONG) if wrong else (0.5, 1.0, theme.FAINT)
        wide, high = (length - 2 * inset for length in size)
        self.ax.add_patch(
            Rectangle((x + inset, y + inset), wide, high, fill=False, ec=colour, lw=width * POINTS)
        )

    def png(self) -> bytes:
        """The sheet as a PNG file whose bytes depend on nothing but what is drawn."""
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            self.figure.draw_without_rendering()
        if any("missing from font" in str(each.message) for each in told):
            self.text(28, 2, "Boxes are letters that the sheet's font lacks.", 14,
                      color=theme.MUTED)  # fmt: skip
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Glyph .* missing from font")
            return theme.image(self.figure, "png")


def sheet(width: float, height: float) -> Sheet:
    """An empty sheet of so many pixels; to be made and saved inside `theme.theme()`."""
    inches = width / theme.DOTS_PER_INCH, height / theme.DOTS_PER_INCH
    figure = Figure(figsize=inches, dpi=theme.DOTS_PER_INCH)
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set(xlim=(0, width), ylim=(height, 0))
    ax.set_axis_off()
    return Sheet(figure, ax)


class Items:
    """The items of a data set as tiles.

    Attributes:
        size: width and height of a tile in pixels.
    """

    def __init__(self, data: DataSet, items: NDArray[np.integer]) -> None:
        """Reads `items` (int [n]) of `data`, and no others."""
        known = np.unique(items)
        self._place = {int(item): row for row, item in enumerate(known)}
        self._kind = data.kind
        self.size = SIZES[data.kind]
        view = data.take(known)
        if data.kind == "image":
            images = view.images(self.size[0])
            # Characters are stored as ink on nothing, and drawn as ink on paper.
            shown = 255 - images if data.family == "character" else images
            self._shown: Any = np.repeat(shown, 3, axis=1) if shown.shape[1] == 1 else shown
        else:
            self._shown = view.stored[view.rows]

    def draw(self, on: Sheet, item: int, x: float, y: float) -> None:
        """The item in a tile whose upper left corner is (x, y)."""
        shown, (wide, high) = self._shown[self._place[int(item)]], self.size
        if self._kind == "image":
            box = (x, x + wide, y + high, y)
            limits = on.ax.axis()
            on.ax.imshow(shown.transpose(1, 2, 0), extent=box, aspect="auto", interpolation="none")
            on.ax.axis(limits)
        elif self._kind == "text":
            words = str(shown)
            words = words if len(words) <= LETTERS else words[: LETTERS - 1] + "…"
            on.text(x + 8, y + high / 2, words, 14, va="center", clip_on=True,
                    clip_box=on.box(x, y, wide - 4, high))  # fmt: skip
        else:
            values = np.asarray(shown, dtype=np.float64)
            low, spread = float(values.min()), float(np.ptp(values)) or 1.0
            across = np.linspace(x + 4, x + wide - 4, len(values))
            up = y + high - 5 - (high - 10) * (values - low) / spread
            on.ax.plot(across, up, color=theme.INK, lw=0.6)


def letters(position: int) -> str:
    """A, B ... Z, AA, AB ...: what the class at a position is called on a sheet."""
    name = ""
    position += 1
    while position > 0:
        position, rest = divmod(position - 1, 26)
        name = chr(ord("A") + rest) + name
    return name


def short(name: str, most: int = 18) -> str:
    """A class's name without its group, cut where it is long."""
    text = printable(name.rpartition("/")[2] or name)
    return text if len(text) <= most else text[: most - 1] + "…"
