"""Forest plot: the paired difference of two models on each task, with both intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from matplotlib.lines import Line2D

from benchmark.report.compare import Comparison
from benchmark.report.compare_text import p_of
from benchmark.report.figures import theme

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def draw(rows: Sequence[Comparison]) -> Figure:
    """The figure of a comparison, tasks from top to bottom."""
    a, b = (theme.short(side.key) for side in (rows[0].a, rows[0].b))
    names = [
        theme.short(row.task.name)
        + ("" if row.version == 1 else f" v{row.version}")
        + ("" if row.measure == "accuracy" else f", {row.measure}")
        for row in rows
    ]
    width = 0.068 * max(len(name) for name in names) + 4.9
    with theme.theme():
        figure = theme.canvas(width, 0.27 * len(rows) + 1.35)
        ax = figure.subplots()
        _forest(ax, rows)
        ax.set_yticks(range(len(rows)), names)
        ax.tick_params(left=False)
        ax.spines["left"].set_visible(False)
        ax.set_ylim(len(rows) - 0.5, -0.6)
        accuracy = all(row.measure == "accuracy" for row in rows)
        what = "difference in accuracy, percentage points" if accuracy else "difference in points"
        turned = any(row.sign < 0 for row in rows)
        ax.set_xlabel(f"{what} (of an EER, where less is better: B - A)" if turned else what)
        # Each name on the side where its model is the better one.
        figure.suptitle(f"A: {a}\nB: {b}", x=0.012, ha="left", fontsize=8.5, linespacing=1.35)
        ax.text(0.0, 1.0, "← B better", transform=ax.transAxes, ha="left", va="bottom",
                fontsize=7.5, color=theme.MUTED)  # fmt: skip
        ax.text(1.0, 1.0, "A better →", transform=ax.transAxes, ha="right", va="bottom",
                fontsize=7.5, color=theme.MUTED)  # fmt: skip
        ax.text(1.03, 1.0, "A - B   p (Holm)", transform=ax.transAxes, va="bottom", fontsize=7.5,
                color=theme.MUTED)  # fmt: skip
        for y, row in enumerate(rows):
            text = f"{100 * row.difference:+.1f}"
            for x, ha, words in (
                (1.135, "right", text),
                (1.175, "left", p_of(row.decisive, row.p_holm)),
            ):
                ax.text(x, y, words, transform=ax.get_yaxis_transform(), va="center", ha=ha,
                        fontsize=8)  # fmt: skip
        figure.legend(handles=_legend(), loc="outside lower center", ncols=2, fontsize=8)
    return figure


def _forest(ax: Axes, rows: Sequence[Comparison]) -> None:
    """New classes as a pale bar, these images as a line on it, the difference as a dot.

    Of an EER less is better: it is turned round, so that A's side is A's throughout.
    """
    dark, pale = theme.colour(0), theme.colour(4)
    ax.grid(axis="x")
    ax.axvline(0, color=theme.INK, lw=0.9, zorder=1)
    for y, row in enumerate(rows):
        new, images, points = row.new_classes, row.these_images, 100 * row.sign
        if new is not None and not math.isnan(new.low):
            ax.hlines(
                y, points * new.low, points * new.high, color=pale, lw=5, alpha=0.55, zorder=2
            )
        if images is not None and not math.isnan(images.low):
            ax.hlines(y, points * images.low, points * images.high, color=dark, lw=1.8, zorder=3)
    ax.scatter([100 * row.sign * row.difference for row in rows], range(len(rows)), s=30,
               color=dark, edgecolor="white", linewidth=0.5, zorder=4)  # fmt: skip
    ax.margins(x=0.06)


def _legend() -> list[Line2D]:
    dark, pale = theme.colour(0), theme.colour(4)
    return [
        Line2D([], [], marker="o", ms=5, lw=1.8, color=dark, label="95 %, these images"),
        Line2D([], [], lw=5, alpha=0.55, color=pale, label="95 %, new classes"),
    ]
