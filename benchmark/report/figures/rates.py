"""ROC and DET curves of a verification task: a panel per kind of impostor, a line per model.

Both have a logarithmic axis of false accepts, where verification lives. The DET curve (Martin et
al. 1997) shows false rejects instead of true accepts, logarithmic too: halving errors is one step.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.ticker import FuncFormatter, NullFormatter
from numpy.typing import NDArray

from benchmark.records.schema import LogOdds, Record
from benchmark.records.store import slug
from benchmark.report.aggregate import TaskColumn
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Row, Section
from benchmark.report.outcomes import network
from benchmark.statistics.roc import roc
from benchmark.statistics.verification_scores import OVERALL, VerificationScores

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LINES = len(theme.COLOURS)
POINTS = 120
LEAST_ACCEPTS = 10  # errors below which a curve is noise and is not drawn
HEADER = ("task", "version", "model", "recipe8", "against", "far", "tar", "frr")


@dataclass(frozen=True, eq=False)
class Line:
    """A model's mean ROC over its networks: `tar` [POINTS] per kind of impostor."""

    row: Row
    colour: str
    eer: float
    tar: dict[str, NDArray[np.float64]]


def columns(section: Section) -> list[TaskColumn]:
    """The section's tasks in their present version."""
    return sorted(
        {c for ranking in section.rankings for c in ranking.columns if c.current},
        key=lambda c: (c.task.position, c.name),
    )


def draw(section: Section, column: TaskColumn, records: Iterable[Record]) -> list[Picture]:
    """Two figures of a task of the section, ROC and DET."""
    return _of_task(section, column, [record for record in records if _is_of(record, column)])


def _is_of(record: Record, column: TaskColumn) -> bool:
    return (record.task.name, record.task.version) == (column.task.name, column.version)


def _of_task(section: Section, column: TaskColumn, records: list[Record]) -> list[Picture]:
    """The task's figures; the models with the lowest EER, as many as there are colours."""
    found: list[tuple[float, Row]] = []
    for ranking in section.rankings:
        if column not in ranking.columns:
            continue
        for row in ranking.rows:
            result = row.results[ranking.columns.index(column)]
            if result.accuracy is not None:
                found.append((result.accuracy.mean, row))
    found.sort(key=lambda pair: (pair[0], pair[1].key, pair[1].recipe8))
    networks = {id(row): _networks(row, column, records) for _, row in found[:MOST_LINES]}
    first = next((each[0] for each in networks.values() if each), None)
    if first is None:
        return []
    kinds = (OVERALL, *first.kind_names[1:]) if len(first.kind_names) > 2 else (OVERALL,)
    grid = _grid(first)
    lines = [
        Line(
            row, theme.colour(n), eer,
            {kind: np.mean([_tar(net, kind, grid) for net in networks[id(row)]], axis=0)
             for kind in kinds},
        )
        for n, (eer, row) in enumerate(found[:MOST_LINES])
        if networks[id(row)]
    ]  # fmt: skip
    left_out = len(found) - len(lines)
    return [
        _figure(det, section, column, lines, kinds, grid, first, left_out) for det in (False, True)
    ]


def _networks(row: Row, column: TaskColumn, records: list[Record]) -> list[VerificationScores]:
    made = [
        network(column.task.name, record.outcome, record.seed, record.fold)
        for record in records
        if (record.model.key, record.model.recipe8) == (row.key, row.recipe8)
        and isinstance(record.outcome, LogOdds)
    ]
    return [each for each in made if each is not None]


def _grid(first: VerificationScores) -> NDArray[np.float64]:
    """FARs evenly spaced on the logarithmic axis, up to all."""
    fewest = min(int((first.kinds == n).sum()) for n in range(1, len(first.kind_names)))
    return np.logspace(math.log10(min(LEAST_ACCEPTS / fewest, 0.1)), 0, POINTS)


def _tar(one: VerificationScores, kind: str, grid: NDArray[np.float64]) -> NDArray[np.float64]:
    """The highest TAR at a FAR of at most each of the grid's."""
    chosen = np.ones(len(one.same), dtype=bool)
    if kind != OVERALL:
        chosen = one.same | (one.kinds == one.kind_names.index(kind))
    curve = roc(one.scores[chosen], one.same[chosen])
    found: NDArray[np.float64] = curve.tar[np.searchsorted(curve.far, grid, side="right") - 1]
    return found


def _figure(
    det: bool,
    section: Section,
    column: TaskColumn,
    lines: list[Line],
    kinds: tuple[str, ...],
    grid: NDArray[np.float64],
    first: VerificationScores,
    left_out: int,
) -> Picture:
    name = "DET" if det else "ROC"
    with theme.theme():
        rows = math.ceil(len(lines) / 2)
        figure = theme.canvas(max(2.5 * len(kinds) + 0.5, 5.2), 2.95 + 0.19 * rows)
        axes = figure.subplots(1, len(kinds), sharey=True, squeeze=False).flatten()
        lowest = min(LEAST_ACCEPTS / int(first.same.sum()), 0.1)
        for number, (ax, kind) in enumerate(zip(axes, kinds, strict=True)):
            _panel(ax, lines, kind, grid, det, lowest)
            ax.set_title("all impostors" if kind == OVERALL else f"impostors: {kind}")
            ax.set_xlabel("false accept rate")
            if number == 0:
                ax.set_ylabel("false reject rate" if det else "true accept rate")
        figure.suptitle(f"{name} of {printable(column.name)}", fontsize=9.5)
        figure.legend(
            handles=_legend(lines, left_out), loc="outside lower center", ncols=2, fontsize=7.5
        )
        stem = f"{name.lower()}-{slug(column.name)}"
        # The same numbers as those of the ROC: one sheet serves both.
        sheet = None if det else f"rates-{slug(column.name)}"
        numbers = [] if det else _data(column, lines, kinds, grid)
    against = "false rejects" if det else "true accepts"
    caption = f"{name} of {column.name}: {against} against false accepts, means over networks"
    return theme.picture(figure, section.title, stem, caption, HEADER, numbers, sheet)


def _panel(
    ax: Axes, lines: list[Line], kind: str, grid: NDArray[np.float64], det: bool, lowest: float
) -> None:
    ax.grid()
    chance = np.maximum(1 - grid, lowest) if det else grid
    ax.plot(grid, chance, color=theme.INK, lw=0.9, ls=(0, (4, 3)), zorder=1)
    for line in reversed(lines):  # the best on top
        y = np.maximum(1 - line.tar[kind], lowest) if det else line.tar[kind]
        ax.plot(grid, y, color=line.colour, lw=1.6, zorder=2)
    ax.set_xscale("log")
    ax.set_xlim(grid[0], 1)
    if det:
        ax.set_yscale("log")
        ax.set_ylim(lowest, 1)
        # Equal errors lie on this line.
        ax.plot(grid, grid, color=theme.FAINT, lw=0.8, zorder=0)
    else:
        ax.set_ylim(0, 1.01)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(FuncFormatter(_rate))
        axis.set_minor_formatter(NullFormatter())


def _rate(value: float, position: int | None = None) -> str:
    return f"{100 * value:g} %"


def _legend(lines: list[Line], left_out: int) -> list[Line2D]:
    handles = [
        Line2D([], [], color=line.colour, lw=1.8,
               label=f"{printable(line.row.label)} (EER {100 * line.eer:.1f} %)")
        for line in lines
    ]  # fmt: skip
    chance = "chance" + (f"; {left_out} models more are in the tables" if left_out else "")
    handles.append(Line2D([], [], color=theme.INK, lw=0.9, ls=(0, (4, 3)), label=chance))
    return handles


def _data(
    column: TaskColumn, lines: list[Line], kinds: tuple[str, ...], grid: NDArray[np.float64]
) -> list[list[Any]]:
    """Every point of every line; rates in [0, 1]."""
    return [
        [column.task.name, column.version, line.row.key, line.row.recipe8, kind, float(far),
         float(tar), float(1 - tar)]
        for line in lines
        for kind in kinds
        for far, tar in zip(grid, line.tar[kind], strict=True)
    ]  # fmt: skip
