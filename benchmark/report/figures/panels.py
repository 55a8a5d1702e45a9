"""Small multiples in one pair of axes, measured in inches: sixty panels cost little more than one.

Matplotlib lays out, ticks and labels every pair of axes anew, which for many small panels is nearly
all of the work. Here all panels share their range, so the places are known beforehand.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection, PolyCollection
from numpy.typing import ArrayLike, NDArray

from benchmark.report.figures import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE = 0.165  # inches from one line of a legend to the next
Range = tuple[float, float]
Format = Callable[[float], str]


@dataclass(frozen=True)
class Layout:
    """Sizes in inches.

    Attributes:
        side: width and height of a panel.
        step: from one panel to the next, to the right and down.
        left, right, bottom, top: margins around all panels; the top one holds the first titles.
        narrowest: least width of the figure.
    """

    side: Range
    step: Range
    left: float
    right: float
    bottom: float
    top: float
    narrowest: float = 0.0


class Panels:
    """A figure of `count` panels with the same ranges, row by row.

    Args:
        count: number of panels.
        abreast: panels in a row.
        layout: sizes.
        x: range of the horizontal axis.
        y: range of the vertical axis.
    """

    def __init__(self, count: int, abreast: int, layout: Layout, x: Range, y: Range) -> None:
        self.count, self.abreast, self.layout, self.x, self.y = count, abreast, layout, x, y
        down = math.ceil(count / abreast)
        across = layout.left + (abreast - 1) * layout.step[0] + layout.side[0] + layout.right
        self.width = max(across, layout.narrowest)
        self.height = layout.bottom + (down - 1) * layout.step[1] + layout.side[1] + layout.top
        self.figure: Figure = theme.canvas(self.width, self.height)
        self.figure.set_layout_engine("none")
        self.ax: Axes = self.figure.add_axes((0, 0, 1, 1))
        self.ax.set(xlim=(0, self.width), ylim=(0, self.height))
        self.ax.set_axis_off()

    def corner(self, number: int) -> Range:
        """The lower left corner of a panel, in inches."""
        row, column = divmod(number, self.abreast)
        step, side = self.layout.step, self.layout.side
        top = self.height - self.layout.top - row * step[1]
        return self.layout.left + column * step[0], top - side[1]

    def at(self, number: int, points: ArrayLike) -> NDArray[np.float64]:
        """Points float [n, 2] of a panel's ranges as inches of the figure, [n, 2]."""
        low = np.array([self.x[0], self.y[0]])
        size = np.array([self.x[1], self.y[1]]) - low
        inches: NDArray[np.float64] = self.corner(number) + (
            np.asarray(points, dtype=np.float64).reshape(-1, 2) - low
        ) / size * np.array(self.layout.side)
        return inches

    def lines(self, lines: Sequence[tuple[int, ArrayLike]], **how: Any) -> None:
        """Lines as (panel, points [n, 2]); `how` goes to matplotlib's collection of lines."""
        if lines:
            placed = [self.at(number, points) for number, points in lines]
            self.ax.add_collection(LineCollection(placed, **how), autolim=False)

    def areas(self, areas: Sequence[tuple[int, ArrayLike]], **how: Any) -> None:
        """Filled polygons as (panel, corners [n, 2])."""
        if areas:
            placed = [self.at(number, corners) for number, corners in areas]
            self.ax.add_collection(PolyCollection(placed, **how), autolim=False)

    def text(self, number: int, at: Range, text: str, shift: Range = (0, 0), **how: Any) -> None:
        """Text at a place of a panel's ranges, moved by inches."""
        x, y = self.at(number, [at])[0]
        self.ax.text(x + shift[0], y + shift[1], text, **how)

    def title(self, number: int, text: str, size: float) -> None:
        """A title above a panel."""
        self.text(number, (self.x[0], self.y[1]), text, (0, 0.05), va="bottom", fontsize=size,
                  fontweight="bold", linespacing=1.1)  # fmt: skip

    def frames(self, x: Sequence[float], y: Sequence[float], as_x: Format, as_y: Format) -> None:
        """Frames, a faint grid at the ticks, and the ticks' numbers on the outer panels.

        The lowest panel of each column has the numbers, also above an empty place.
        """
        (left, right), (low, high) = self.x, self.y
        grid: list[tuple[int, ArrayLike]] = []
        frame: list[tuple[int, ArrayLike]] = []
        for number in range(self.count):
            grid += [(number, [(tick, low), (tick, high)]) for tick in x]
            grid += [(number, [(left, tick), (right, tick)]) for tick in y]
            frame.append((number, [(left, high), (left, low), (right, low)]))
            if number + self.abreast >= self.count:
                for tick in x:
                    self.text(number, (tick, low), as_x(tick), (0, -0.05), ha="center", va="top",
                              fontsize=7.5)  # fmt: skip
            if number % self.abreast == 0:
                for tick in y:
                    self.text(number, (left, tick), as_y(tick), (-0.05, 0), ha="right",
                              va="center", fontsize=7.5)  # fmt: skip
        self.lines(grid, colors="#e6e6e6", linewidths=0.6, zorder=0)
        self.lines(frame, colors=theme.MUTED, linewidths=0.7, zorder=5)

    def names(self, x: str, y: str, note: str = "") -> None:
        """Names of both axes, once for all panels, and a note in a line of its own below."""
        first, last = self.corner(0), self.corner(self.count - 1)
        middle = (last[1] + first[1] + self.layout.side[1]) / 2
        widest = self.corner(min(self.abreast, self.count) - 1)[0] + self.layout.side[0]
        self.ax.text((first[0] + widest) / 2, 0.1 + LINE * bool(note), x, ha="center", va="bottom",
                     fontsize=8.5)  # fmt: skip
        self.ax.text(0.08, 0.06, note, ha="left", va="bottom", fontsize=7.5, color=theme.MUTED)
        self.ax.text(0.08, middle, y, ha="left", va="center", rotation=90, fontsize=8.5)
