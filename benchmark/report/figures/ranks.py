"""Critical differences: mean ranks over data sets, and which of them lie apart (Demsar 2006).

A model's pale bar is half a critical difference wide on both sides of its mean rank, so that two
models differ (Nemenyi) where their bars do not overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from benchmark.report.across_data_sets import AcrossDataSets
from benchmark.report.compare_text import p_text
from benchmark.report.effects_text import TITLE
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.figures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEM = "ranks"
PALE, DARK = theme.COLOURS[4], theme.COLOURS[0]
HEADER = (
    "pool", "budget", "views", "model", "mean_rank", "low", "high", "critical_difference",
    "friedman_p", "data_sets", "tasks",
)  # fmt: skip


def draw(found: Sequence[AcrossDataSets]) -> Picture | None:
    """One panel for each kind of ranking; None where no one has enough data sets."""
    if not found:
        return None
    heights = [len(each.models) + 1.8 for each in found]
    labels = max(len(theme.short(key)) for each in found for key in each.models)
    with theme.theme():
        height = sum(0.2 * each + 0.75 for each in heights) + 0.75
        figure = theme.canvas(0.07 * labels + 4.4, height)
        axes = figure.subplots(len(found), 1, squeeze=False, height_ratios=heights).flatten()
        for ax, each in zip(axes, found, strict=True):
            _panel(ax, each)
            test = f"{each.test.data_sets} data sets, Friedman p {p_text(each.test.p)}"
            ax.set_title(f"{printable(each.ranking.title)}: {test}", fontsize=8)
        axes[-1].set_xlabel("mean rank over data sets, 1 is the best")
        figure.legend(handles=_legend(), loc="outside lower center", ncols=1, fontsize=7.5)
    return theme.picture(
        figure,
        TITLE,
        STEM,
        "Mean ranks over data sets with critical difference",
        HEADER,
        [row for each in found for row in _data(each)],
    )


def _order(found: AcrossDataSets) -> list[int]:
    return sorted(range(len(found.models)), key=lambda n: (found.test.mean_ranks[n], n))


def _panel(ax: Axes, found: AcrossDataSets) -> None:
    half = found.test.critical_difference / 2
    order = _order(found)
    ax.grid(axis="x")
    for y, n in enumerate(order):
        rank, interval = found.test.mean_ranks[n], found.intervals
        ax.hlines(y, rank - half, rank + half, color=PALE, lw=6, alpha=0.55, zorder=2)
        ax.hlines(y, interval.low[n], interval.high[n], color=DARK, lw=1.6, zorder=3)
        theme.beside(ax, 34, y, f"{rank:.1f}", ha="right", fontsize=8)
    ax.scatter(found.test.mean_ranks[order], np.arange(len(order)), s=26, color=DARK,
               edgecolor="white", linewidth=0.5, zorder=4)  # fmt: skip
    ax.set_yticks(range(len(order)), [theme.short(found.models[n]) for n in order])
    ax.tick_params(left=False)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(len(order) - 0.4, -0.7)
    ax.set_xlim(0.5, len(order) + 0.5)  # no rank lies outside, though a bar may
    ax.xaxis.set_major_locator(MaxNLocator(8, integer=True))


def _legend() -> list[Line2D]:
    apart = "critical difference: models whose bars do not overlap differ (Nemenyi, 5 %)"
    return [
        Line2D([], [], lw=6, alpha=0.55, color=PALE, label=apart),
        Line2D([], [], marker="o", ms=5, lw=1.6, color=DARK,
               label="mean rank, 95 % over groups of classes inside the data sets"),
    ]  # fmt: skip


def _data(found: AcrossDataSets) -> list[list[Any]]:
    """The models by rank."""
    ranking, test, interval = found.ranking, found.test, found.intervals
    tasks = " ".join(column.task.name for column in found.columns)
    return [
        [ranking.pool, ranking.budget, ranking.views, found.models[n], float(test.mean_ranks[n]),
         float(interval.low[n]), float(interval.high[n]), test.critical_difference, test.p,
         test.data_sets, tasks]
        for n in _order(found)
    ]  # fmt: skip
