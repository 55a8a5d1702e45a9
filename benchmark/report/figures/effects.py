"""Main effects of backbone, distance and loss of Siamese networks, with two intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from benchmark.records.store import slug
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.figures.picture import Picture
from benchmark.report.grid_effects import GridEffects
from benchmark.report.leaderboard import Section
from benchmark.statistics.effects import Effect

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALE, DARK = theme.COLOURS[4], theme.COLOURS[0]
HEADER = (
    "task", "version", "pool", "budget", "views", "factor", "level", "cells", "effect",
    "cells_low", "cells_high", "groups_effect", "groups_low", "groups_high", "mean",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of the figure: a level's effect, or without one a factor's heading."""

    y: float
    label: str
    effect: Effect | None = None
    groups: Effect | None = None


def draw(section: Section, found: Sequence[GridEffects]) -> Picture | None:
    """The figure of one section, a panel a ranking; None where no ranking's cells suffice."""
    mine = [each for each in found if each.section is section and each.over_cells is not None]
    if not mine:
        return None
    lines = [_lines(each) for each in mine]
    heights = [each[-1].y + 1.6 for each in lines]
    labels = max(len(line.label) for each in lines for line in each)
    with theme.theme():
        height = sum(0.2 * each + 0.35 for each in heights) + 0.75
        figure = theme.canvas(0.07 * labels + 4.6, height)
        axes = figure.subplots(
            len(mine), 1, squeeze=False, sharex=True, height_ratios=heights
        ).flatten()
        for ax, each, those in zip(axes, mine, lines, strict=True):
            _panel(ax, those)
            cells = f"{each.cells} crossed cells"
            ax.set_title(f"{printable(each.ranking.title)}: {cells}", fontsize=8)
        name = printable(mine[0].column.name)
        axes[-1].set_xlabel(f"effect on the accuracy on {name}, percentage points")
        figure.legend(handles=_legend(mine), loc="outside lower center", ncols=1, fontsize=7.5)
        stem = f"effects-{slug(section.title)}"
    caption = (
        f"Main effects of the parts of Siamese networks on {mine[0].column.name}: what a level adds"
        " to the mean of its factor's levels"
    )
    return theme.picture(
        figure, section.title, stem, caption, HEADER, [row for each in mine for row in _data(each)]
    )


def _lines(found: GridEffects) -> list[Line]:
    lines: list[Line] = []
    y = 0.0
    for factor in found.factors:
        lines.append(Line(y, factor))
        for effect, groups in found.effects:
            if effect.factor == factor:
                y += 1
                lines.append(Line(y, theme.short(effect.level), effect, groups))
        y += 1.3
    return lines


def _panel(ax: Axes, lines: list[Line]) -> None:
    """Groups of classes as a pale bar, cells as a line on it, the effect as a dot."""
    ax.grid(axis="x")
    ax.axvline(0, color=theme.INK, lw=0.9, zorder=1)
    rows = [(line.y, line.effect, line.groups) for line in lines if line.effect is not None]
    for y, effect, groups in rows:
        ax.axhline(y, lw=0.4, color=theme.FAINT, zorder=0)
        if groups is not None and not math.isnan(groups.low):
            ax.hlines(y, 100 * groups.low, 100 * groups.high, color=PALE, lw=6, alpha=0.55,
                      zorder=2)  # fmt: skip
        if not math.isnan(effect.low):
            ax.hlines(y, 100 * effect.low, 100 * effect.high, color=DARK, lw=1.6, zorder=3)
        theme.beside(ax, 34, y, f"{100 * effect.effect:+.1f}", ha="right", fontsize=8)
    ax.scatter([100 * e.effect for _, e, _ in rows], [y for y, _, _ in rows], s=26, color=DARK,
               edgecolor="white", linewidth=0.5, zorder=4)  # fmt: skip
    ax.margins(x=0.06)
    ax.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    ax.set_yticks([line.y for line in lines], [line.label for line in lines])
    for label, line in zip(ax.get_yticklabels(), lines, strict=True):
        if line.effect is None:
            label.set(fontweight="bold", fontsize=8)
    ax.tick_params(left=False)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(lines[-1].y + 0.7, -0.7)


def _legend(found: list[GridEffects]) -> list[Line2D]:
    cells = "95 %, over cells: interactions and training seeds"
    handles = [Line2D([], [], marker="o", ms=5, lw=1.6, color=DARK, label=cells)]
    if any(each.over_groups is not None for each in found):
        groups = "95 %, over groups of classes, with these cells"
        handles.append(Line2D([], [], lw=6, alpha=0.55, color=PALE, label=groups))
    return handles


def _data(found: GridEffects) -> list[list[Any]]:
    """Effects in accuracy; `mean` is that of all levels alike, in [0, 1]."""
    ranking, column, rows = found.ranking, found.column, []
    assert found.over_cells is not None
    head = [column.task.name, column.version, ranking.pool, ranking.budget, ranking.views]
    for effect, groups in found.effects:
        beside = [None] * 3 if groups is None else [groups.effect, groups.low, groups.high]
        rows.append(
            [*head, effect.factor, effect.level, effect.cells, effect.effect, effect.low,
             effect.high, *beside, found.over_cells.mean]
        )  # fmt: skip
    return rows
