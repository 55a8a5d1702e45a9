"""Several metrics as bars: a panel per task, per model each metric with its interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from benchmark.records.store import slug
from benchmark.report import row_selection
from benchmark.report.aggregate import Result, TaskColumn
from benchmark.report.cells import FAILED, NOT_RUN
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Ranking, Row, Section
from benchmark.statistics.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

HEADER = (
    "task", "version", "pool", "budget", "views", "model", "recipe8", "measure", "value", "low",
    "high",
)  # fmt: skip

Place = tuple[float, Ranking, Row | None]  # height, and the row or its ranking's heading


Measures = Callable[[Result], Mapping[str, Interval] | None]


def draw(
    section: Section, measures: Measures, shown: Sequence[str], names: Sequence[str]
) -> Picture:
    """The figure of one section.

    Args:
        section: of any protocol.
        measures: the intervals of a result by the metric's name; None where nothing was measured.
        shown: metrics with a bar each.
        names: metrics that the figure's data hold.
    """
    columns = sorted(
        {c for ranking in section.rankings for c in ranking.columns},
        key=lambda c: (c.task.position, c.name),
    )
    places = _places(section)
    abreast = theme.abreast(len(columns))
    down = math.ceil(len(columns) / abreast)
    width = 0.065 * max(len(_label(place)) for place in places) + 0.3 + max(3.2 * abreast, 4.2)
    height = down * (0.34 * (places[-1][0] + 1) + 0.6) + 0.4
    with theme.theme():
        figure = theme.canvas(width, height)
        axes = figure.subplots(down, abreast, sharey=True, squeeze=False).flatten()
        for number, (ax, column) in enumerate(zip(axes, columns, strict=False)):
            _panel(ax, places, column, measures, shown)
            ax.tick_params(left=False)
            if number % abreast == 0:
                _name(ax, places)
            else:
                ax.yaxis.set_visible(False)
            ax.set_xlabel("%")
        for ax in axes[len(columns) :]:
            ax.set_visible(False)
        handles: list[Patch | Line2D] = [
            Patch(color=theme.colour(n), lw=0, label=name) for n, name in enumerate(shown)
        ]
        handles.append(Line2D([], [], color=theme.INK, lw=1.0, label="95 % interval (classes)"))
        figure.legend(handles=handles, loc="outside lower right", ncols=4, fontsize=8)
        note = row_selection.note(section)
        theme.above(figure, note)
        stem = f"{section.protocol}-{slug(section.title)}"
    listed = f"{', '.join(shown[:-1])} and {shown[-1]}"
    caption = f"{listed} on the tasks of {section.title}"
    caption += f"; {note}" if note else ""
    data = _data(places, columns, measures, names)
    return theme.picture(figure, section.title, stem, caption, HEADER, data)


def _places(section: Section) -> list[Place]:
    """Rankings under each other, each with a heading; rows in the order of the tables."""
    places: list[Place] = []
    height = 0.0
    for ranking in section.rankings:
        places.append((height, ranking, None))
        height += 0.85
        for row in ranking.rows:
            places.append((height, ranking, row))
            height += 1
        height += 0.1
    return places


def _label(place: Place) -> str:
    _, ranking, row = place
    if row is None:
        return theme.short(ranking.title, theme.LONGEST_HEADING)
    return theme.short(row.label)


def _name(ax: Axes, places: list[Place]) -> None:
    ax.set_yticks([place[0] for place in places], [_label(place) for place in places])
    for label, place in zip(ax.get_yticklabels(), places, strict=True):
        if place[2] is None:
            label.set(fontweight="bold", fontsize=8)
    ax.set_ylim(places[-1][0] + 0.6, -0.5)


def _result(place: Place, column: TaskColumn) -> Result | None:
    _, ranking, row = place
    if row is None or column not in ranking.columns:
        return None
    return row.results[ranking.columns.index(column)]


def _panel(
    ax: Axes, places: list[Place], column: TaskColumn, measures: Measures, shown: Sequence[str]
) -> None:
    thick = 0.78 / len(shown)
    ax.set_title(printable(column.name))
    ax.grid(axis="x")
    ax.set_xlim(0, 100)
    for place in places:
        result = _result(place, column)
        if result is None:
            continue
        found = measures(result)
        if found is None:
            text = FAILED if result.failures else NOT_RUN
            ax.text(1, place[0], text, va="center", fontsize=7, style="italic", color=theme.MUTED)
            continue
        for n, name in enumerate(shown):
            interval = found.get(name)
            if interval is None:
                continue
            y = place[0] + (n - (len(shown) - 1) / 2) * thick
            ax.barh(y, 100 * interval.mean, height=0.9 * thick, color=theme.colour(n), lw=0)
            if not math.isnan(interval.half_width):
                ax.hlines(y, 100 * interval.low, 100 * interval.high, color=theme.INK, lw=1.0)


def _data(
    places: list[Place], columns: list[TaskColumn], measures: Measures, names: Sequence[str]
) -> list[list[Any]]:
    """Every measure of every model; rates in [0, 1]."""
    rows: list[list[Any]] = []
    for column in columns:
        for place in places:
            result, row = _result(place, column), place[2]
            measured = None if result is None else measures(result)
            if row is None or measured is None:
                continue
            ranking = place[1]
            head = [column.task.name, column.version, ranking.pool, ranking.budget, ranking.views]
            for name in names:
                found = measured.get(name)
                if found is None:
                    continue
                told = [name, found.mean, found.low, found.high]
                rows.append([*head, row.key, row.recipe8, *told])
    return rows
