"""Retrieval as bars: a panel per task, per model mAP@R, R-precision and Recall@1 with intervals."""

from __future__ import annotations

import math
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
from benchmark.statistics.retrieval import MEAN_AVERAGE_PRECISION, NAMES, R_PRECISION, Retrieval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SHOWN = (MEAN_AVERAGE_PRECISION, R_PRECISION, "Recall@1")
THICK = 0.26  # of a bar, where rows are 1 apart
HEADER = (
    "task", "version", "pool", "budget", "views", "model", "recipe8", "measure", "value", "low",
    "high",
)  # fmt: skip

Place = tuple[float, Ranking, Row | None]  # height, and the row or its ranking's heading


def draw(section: Section) -> Picture:
    """The figure of one section."""
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
            _panel(ax, places, column)
            ax.tick_params(left=False)
            if number % abreast == 0:
                _name(ax, places)
            else:
                ax.yaxis.set_visible(False)
            ax.set_xlabel("%")
        for ax in axes[len(columns) :]:
            ax.set_visible(False)
        handles: list[Patch | Line2D] = [
            Patch(color=theme.colour(n), lw=0, label=name) for n, name in enumerate(SHOWN)
        ]
        handles.append(Line2D([], [], color=theme.INK, lw=1.0, label="95 % interval (classes)"))
        figure.legend(handles=handles, loc="outside lower right", ncols=4, fontsize=8)
        note = row_selection.note(section)
        theme.above(figure, note)
        stem = f"retrieval-{slug(section.title)}"
    caption = f"mAP@R, R-precision and Recall@1 on the tasks of {section.title}"
    caption += f"; {note}" if note else ""
    return theme.picture(figure, section.title, stem, caption, HEADER, _data(places, columns))


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
    return theme.short(ranking.title if row is None else row.label)


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


def _panel(ax: Axes, places: list[Place], column: TaskColumn) -> None:
    ax.set_title(printable(column.name))
    ax.grid(axis="x")
    ax.set_xlim(0, 100)
    for place in places:
        result = _result(place, column)
        if result is None:
            continue
        if not isinstance(result.summary, Retrieval):
            text = FAILED if result.failures else NOT_RUN
            ax.text(1, place[0], text, va="center", fontsize=7, style="italic", color=theme.MUTED)
            continue
        for n, name in enumerate(SHOWN):
            interval = result.summary.measures[name]
            y = place[0] + (n - 1) * THICK
            ax.barh(y, 100 * interval.mean, height=0.9 * THICK, color=theme.colour(n), lw=0)
            if not math.isnan(interval.half_width):
                ax.hlines(y, 100 * interval.low, 100 * interval.high, color=theme.INK, lw=1.0)


def _data(places: list[Place], columns: list[TaskColumn]) -> list[list[Any]]:
    """Every measure of every model; rates in [0, 1]."""
    rows: list[list[Any]] = []
    for column in columns:
        for place in places:
            result, row = _result(place, column), place[2]
            if result is None or row is None or not isinstance(result.summary, Retrieval):
                continue
            ranking = place[1]
            head = [column.task.name, column.version, ranking.pool, ranking.budget, ranking.views]
            for name in NAMES:
                found = result.summary.measures[name]
                told = [name, found.mean, found.low, found.high]
                rows.append([*head, row.key, row.recipe8, *told])
    return rows
