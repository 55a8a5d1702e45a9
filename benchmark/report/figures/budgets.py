"""What more training gives: accuracy of one recipe at several numbers of training items.

Recipes that are equal but for their number of items (and the budget's name) are one line. Published
numbers of the same protocol stand at the right edge, where nothing is known of the items.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.ticker import EngFormatter

from benchmark.records.canonical import digest
from benchmark.records.claims import Claim
from benchmark.records.store import slug
from benchmark.report.escape import printable
from benchmark.report.figures import labels, theme
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Row, Section
from benchmark.report.primary_task import main_name, main_position
from benchmark.statistics.intervals import Interval

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DIFFERS = ("items", "budget")  # settings of one line's recipes
HEADER = (
    "task", "pool", "model", "recipe8", "training_items", "seeds", "accuracy", "low", "high",
    "published_by",
)  # fmt: skip


@dataclass(frozen=True)
class Point:
    """A recipe of a line: its items and accuracy in [0, 1]."""

    items: int
    accuracy: Interval
    row: Row
    seeds: int


@dataclass(frozen=True)
class Line:
    """One recipe but for its items, ascending."""

    pool: str
    points: tuple[Point, ...]

    @property
    def label(self) -> str:
        """The longest training's, which tells recipes of one model apart."""
        return self.points[-1].row.label


def draw(section: Section, claims: Sequence[Claim] = ()) -> Picture | None:
    """The figure of a section's main task; None where no recipe was trained in two lengths."""
    lines = _lines(section)
    if not lines:
        return None
    task = main_name(section)
    keys = {line.points[-1].row.key: number for number, line in enumerate(lines)}
    told = [
        claim
        for claim in claims
        if claim.task == task and claim.protocol == "same" and claim.model in keys
    ]
    named = len(lines) + len(told)
    height = labels.room(named, 2.6)
    with theme.theme():
        figure = theme.canvas(6.4, height + 0.7)
        ax = figure.subplots()
        _axis(ax, lines, [claim.percent for claim in told])
        points = []
        for number, line in enumerate(lines):
            _line(ax, number, line)
            last = line.points[-1]
            points.append(labels.Named(last.items, 100 * last.accuracy.mean, line.label, number))
        edge = ax.get_xlim()[1]
        for claim in told:
            label = f"{claim.source.partition(' (')[0]}: {claim.detail or claim.method}"
            number = keys[claim.model or ""]
            points.append(labels.Named(edge, claim.percent, label, number))
        ax.set_ylabel(f"accuracy on {printable(task)}, %")
        labels.name_points(figure, ax, points, height)
        stem = f"budgets-{slug(section.title)}"
        rows = [_data(task, line, point) for line in lines for point in line.points]
        rows += [_printed(claim) for claim in told]
    caption = (
        f"Accuracy on {task} of the same recipe at several lengths of training, with 95 % intervals"
        " over episodes and seeds"
        + ("; with a year: published numbers of the same method and protocol" if told else "")
    )
    return theme.picture(figure, section.title, stem, caption, HEADER, rows)


def _lines(section: Section) -> list[Line]:
    """Recipes with at least two lengths, the best of the longest first."""
    found: dict[tuple[str, str, str], dict[int, Point]] = defaultdict(dict)
    for ranking in section.rankings:
        position = main_position(section, ranking)
        for row in ranking.rows if position is not None else ():
            result = row.results[position or 0]
            if result.accuracy is None or not result.training_items:
                continue
            rest = {name: v for name, v in row.recipe.items() if name not in DIFFERS}
            point = Point(result.training_items, result.accuracy, row, len(result.seeds))
            found[ranking.pool, row.key, digest(rest)][point.items] = point
    lines = [
        Line(pool, tuple(point for _, point in sorted(points.items())))
        for (pool, *_), points in sorted(found.items())
        if len(points) > 1
    ]
    return sorted(lines, key=lambda line: -line.points[-1].accuracy.mean)


def _line(ax: Axes, number: int, line: Line) -> None:
    colour = theme.colour(number)
    x = [point.items for point in line.points]
    ax.plot(x, [100 * point.accuracy.mean for point in line.points], color=colour, lw=1.2,
            marker=theme.marker(number), ms=5, mec="white", mew=0.5, zorder=3)  # fmt: skip
    ax.vlines(x, [100 * point.accuracy.low for point in line.points],
              [100 * point.accuracy.high for point in line.points], color=colour, lw=1.0,
              zorder=2)  # fmt: skip


def _axis(ax: Axes, lines: list[Line], published: list[float]) -> None:
    """Logarithmic items with a tick at each length, and room for what was published."""
    lengths = sorted({point.items for line in lines for point in line.points})
    values = [
        100 * value
        for line in lines
        for point in line.points
        for value in (point.accuracy.low, point.accuracy.high)
    ] + published
    air = 0.04 * max(max(values) - min(values), 1.0)
    ax.grid()
    ax.set_xscale("log")
    ax.set_xlim(lengths[0] / 1.15, lengths[-1] * 1.15)
    ax.set_ylim(min(values) - air, max(values) + air)
    shown: list[float] = []
    for length in lengths:  # what would overlap is left out
        if not shown or length > 1.3 * shown[-1]:
            shown.append(float(length))
    ax.set_xticks(shown, [EngFormatter(sep="")(float(f"{tick:.2g}")) for tick in shown])
    ax.minorticks_off()
    ax.set_xlabel("training items")


def _data(task: str, line: Line, point: Point) -> list[Any]:
    interval = point.accuracy
    return [task, line.pool, point.row.key, point.row.recipe8, point.items, point.seeds,
            interval.mean, interval.low, interval.high, ""]  # fmt: skip


def _printed(claim: Claim) -> list[Any]:
    value, half = claim.percent / 100, claim.half_width
    low, high = (None, None) if half is None else (value - half / 100, value + half / 100)
    return [claim.task, "", claim.model, "", "", "", value, low, high, claim.source]
