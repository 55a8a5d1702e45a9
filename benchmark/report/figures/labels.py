"""Names in the right margin, each at the height of its point or as near as the others let it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.transforms import offset_copy

from benchmark.report.figures import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

LINE = 0.118  # inches from one name to the next


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Heights as near to the wanted ones as a smallest gap between them lets them be.

    The least squares of the shifts under the order of the wanted heights (isotonic regression by
    pooling adjacent violators), then pushed into [low, high] as a whole where they fit.

    Args:
        wanted: heights in any order.
        gap: smallest distance of two of the result.
        low: lowest height to give.
        high: highest height to give, where there is room for all.
    """
    order = sorted(range(len(wanted)), key=lambda n: (wanted[n], n))
    blocks: list[tuple[float, int]] = []  # mean of (wanted - place * gap), and how many
    for place, n in enumerate(order):
        blocks.append((wanted[n] - place * gap, 1))
        while len(blocks) > 1 and blocks[-2][0] >= blocks[-1][0]:
            (a, m), (b, k) = blocks[-2:]
            blocks[-2:] = [((a * m + b * k) / (m + k), m + k)]
    room = high - (len(wanted) - 1) * gap
    flat = [min(max(mean, low), max(room, low)) for mean, count in blocks for _ in range(count)]
    found = [0.0] * len(wanted)
    for place, n in enumerate(order):
        found[n] = flat[place] + place * gap
    return found


@dataclass(frozen=True)
class Named:
    """A point in the axes' units, its name, and the number of its group."""

    x: float
    y: float
    name: str
    group: int


def name_points(figure: Figure, ax: Axes, points: Sequence[Named], height: float) -> None:
    """Names points in the right margin, with a faint line to each and its group's shape.

    The axis limits must be set before; `height` is that of the axes in inches.
    """
    bottom, top = ax.get_ylim()
    gap = LINE * (top - bottom) / height
    heights = spread([p.y for p in points], gap, bottom + 0.3 * gap, top - 0.3 * gap)
    edge = ax.get_xlim()[1]
    margin = offset_copy(ax.get_yaxis_transform(), figure, x=16, units="points")
    ax.hlines([p.y for p in points], [p.x for p in points], edge, color=theme.FAINT, lw=0.5,
              zorder=1)  # fmt: skip
    for point, at in zip(points, heights, strict=True):
        ax.annotate(
            "", (1, point.y), xycoords=ax.get_yaxis_transform(), xytext=(1, at),
            textcoords=margin, annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": theme.FAINT, "lw": 0.5, "shrinkA": 0,
                        "shrinkB": 0},
        )  # fmt: skip
        theme.beside(ax, 22, at, theme.short(point.name), fontsize=7)
    for group in sorted({p.group for p in points}):
        mine = [at for p, at in zip(points, heights, strict=True) if p.group == group]
        ax.plot([1] * len(mine), mine, transform=margin, clip_on=False, lw=0, ms=4,
                marker=theme.marker(group), color=theme.colour(group), mec="white", mew=0.3,
                zorder=4)  # fmt: skip


def room(names: int, least: float) -> float:
    """Height in inches that so many names under each other take, at least `least`."""
    return max(least, float(np.ceil(100 * LINE * (names + 1)) / 100))
