"""Accuracy against what it took: training items, and seconds of training on the records' machines.

Both axes are logarithmic; what was not trained stands at their left end.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.ticker import EngFormatter, FixedLocator, LogLocator

from benchmark.records.store import slug
from benchmark.report import row_selection
from benchmark.report.aggregate import Result
from benchmark.report.escape import printable
from benchmark.report.figures import labels, theme
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Ranking, Row, Section
from benchmark.report.primary_task import main_name, main_position

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COSTS = ("training items", "training seconds")
MIN_MODELS, LEAST_RATIO = 3, 1.5
HEADER = (
    "task", "version", "pool", "budget", "views", "model", "recipe8", "training_items",
    "training_seconds", "training_device", "parameters", "accuracy", "low", "high",
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """A model: where it stands, and its costs in the order of `COSTS`."""

    number: int
    ranking: Ranking
    row: Row
    result: Result
    accuracy: float
    costs: tuple[float, float]


def draw(section: Section) -> Picture | None:
    """The figure of one section; None without three models and costs that lie apart."""
    points = _points(section)
    if len(points) < MIN_MODELS or not _apart(points):
        return None
    points.sort(key=lambda p: (-p.accuracy, p.number, p.row.key, p.row.recipe8))
    name, note = main_name(section), row_selection.note(section)
    height = labels.room(len(points), 2.6)
    longest = max(len(theme.short(point.row.label)) for point in points)
    with theme.theme():
        numbers = sorted({point.number for point in points})
        below = 0.95 + 0.16 * math.ceil(len(numbers) / 2)
        figure = theme.canvas(6.1 + 0.055 * longest, height + below + 0.2 * bool(note))
        axes = figure.subplots(1, 2, sharey=True).flatten()
        for n, ax in enumerate(axes):
            _panel(ax, points, n)
        axes[0].set_ylabel(f"accuracy on {printable(name)}, %")
        named = [
            labels.Named(_x(points, p, 1), 100 * p.accuracy, p.row.label, p.number) for p in points
        ]
        labels.name_points(figure, axes[1], named, height)
        figure.legend(handles=_legend(points), loc="outside lower center", ncols=2, fontsize=7.5)
        theme.above(figure, note)
        stem = f"cost-{slug(section.title)}"
    caption = (
        f"Accuracy on {name} against training items, and against seconds of training on the machine"
        " that each record names; on the left what was not trained here"
        + ("; hollow: trained on a GPU" if any(map(_on_gpu, points)) else "")
        + (f"; {note}" if note else "")
    )
    return theme.picture(
        figure, section.title, stem, caption, HEADER, [_data(point) for point in points]
    )


def _on_gpu(point: Point) -> bool:
    device = point.result.training_device
    return bool(point.result.training_items) and device not in (None, "cpu")


def _points(section: Section) -> list[Point]:
    points = []
    for number, ranking in enumerate(section.rankings):
        position = main_position(section, ranking)
        for row in ranking.rows if position is not None else ():
            result = row.results[position or 0]
            if result.accuracy is not None:
                costs = float(result.training_items or 0), float(result.training_seconds or 0)
                accuracy = result.accuracy.mean
                points.append(Point(number, ranking, row, result, accuracy, costs))
    return points


def _apart(points: list[Point]) -> bool:
    """Whether both costs are known, and one of them was free or differs by `LEAST_RATIO`."""
    if not all(any(point.costs[n] > 0 for point in points) for n in (0, 1)):
        return False
    bounds = [_bounds(points, n) for n in (0, 1)]
    return any(free or high > LEAST_RATIO * low for low, high, free in bounds)


def _bounds(points: list[Point], n: int) -> tuple[float, float, bool]:
    """Lowest and highest cost that was paid, and whether some paid none."""
    paid = [point.costs[n] for point in points if point.costs[n] > 0]
    return min(paid), max(paid), len(paid) < len(points)


def _x(points: list[Point], point: Point, n: int) -> float:
    """The point's place: its cost, or for none a place left of the lowest."""
    return point.costs[n] or _bounds(points, n)[0] / 4


def _panel(ax: Axes, points: list[Point], n: int) -> None:
    low, high, free = _bounds(points, n)
    ax.grid()
    for number in sorted({point.number for point in points}):
        mine = [point for point in points if point.number == number]
        x, colour = [_x(points, point, n) for point in mine], theme.colour(number)
        intervals = [point.result.accuracy for point in mine if point.result.accuracy is not None]
        ax.vlines(x, [100 * i.low for i in intervals], [100 * i.high for i in intervals],
                  color=colour, lw=1.0, zorder=2)  # fmt: skip
        for hollow in (False, True):  # seconds of a GPU are other seconds
            some = [i for i, point in enumerate(mine) if (n == 1 and _on_gpu(point)) is hollow]
            ax.scatter([x[i] for i in some], [100 * mine[i].accuracy for i in some], s=24,
                       color="white" if hollow else colour, marker=theme.marker(number),
                       edgecolor=colour if hollow else "white", linewidth=1.0 if hollow else 0.5,
                       zorder=3)  # fmt: skip
    ax.set_xscale("log")
    ax.set_xlim(low / (8 if free else 1.8), high * 1.8)
    accuracies = [100 * point.accuracy for point in points]
    air = 0.04 * max(max(accuracies) - min(accuracies), 5.0)
    ax.set_ylim(min(accuracies) - air, max(accuracies) + air)
    ax.set_xlabel(COSTS[n])
    ticks = _ticks(low, high)
    names = [EngFormatter(sep="")(tick) for tick in ticks]
    if free:
        ax.axvline(low / 2, color=theme.FAINT, lw=0.8, zorder=0)
        ticks, names = [low / 4, *ticks], ["none", *names]
    ax.xaxis.set_major_locator(FixedLocator(ticks))
    ax.set_xticks(ticks, names)
    ax.minorticks_off()


def _ticks(low: float, high: float) -> list[float]:
    """At most three round numbers of the range, or its ends where there are fewer than two."""
    for steps in ((1, 2, 5), (1, 5), (1,)):
        ticks = [float(tick) for tick in LogLocator(subs=steps).tick_values(low, high)
                 if low / 1.2 <= tick <= high * 1.2]  # fmt: skip
        if len(ticks) <= 3:
            break
    if len(ticks) > 1:
        return ticks
    ends = low, high if high > 1.5 * low else low  # closer ones would overlap
    return sorted({float(f"{end:.2g}") for end in ends})


def _legend(points: list[Point]) -> list[Line2D]:
    titles = {point.number: point.ranking.title for point in points}
    return [
        Line2D([], [], lw=0, ms=5, marker=theme.marker(n), color=theme.colour(n),
               label=printable(titles[n]))
        for n in sorted(titles)
    ]  # fmt: skip


def _data(point: Point) -> list[Any]:
    """Accuracies in [0, 1]; costs are means over seeds."""
    column, ranking, interval = point.result.column, point.ranking, point.result.accuracy
    assert interval is not None
    return [
        column.task.name, column.version, ranking.pool, ranking.budget, ranking.views,
        point.row.key, point.row.recipe8, point.result.training_items,
        point.result.training_seconds, point.result.training_device or "",
        point.result.parameters, interval.mean, interval.low,
        interval.high,
    ]  # fmt: skip
