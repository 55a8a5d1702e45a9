"""Accuracy with its interval: a panel per task, a line per model, seeds as points."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D

from benchmark.records.store import slug
from benchmark.report import row_selection
from benchmark.report.aggregate import Result, TaskColumn
from benchmark.report.cells import FAILED, NOT_RUN
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Ranking, Row, Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

SEEDS_SHOWN_BELOW = 5
HEADER = (
    "task", "version", "pool", "budget", "views", "model", "recipe8", "seed", "accuracy", "low",
    "high", "chance",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of the figure: a model's row, or without one the heading of a ranking."""

    y: float
    number: int
    ranking: Ranking
    row: Row | None

    def result(self, column: TaskColumn) -> Result | None:
        """What the row reached on a task, None where its ranking lacks the task."""
        if self.row is None or column not in self.ranking.columns:
            return None
        return self.row.results[self.ranking.columns.index(column)]

    @property
    def label(self) -> str:
        """What stands on the left."""
        if self.row is None:
            return theme.short(self.ranking.title, theme.LONGEST_HEADING)
        return theme.short(self.row.label)


def draw(section: Section) -> Picture:
    """The figure of one section; panels abreast share their lines."""
    # Tasks that many rankings have first: the lines of those that few have take little room.
    asked = Counter(column for ranking in section.rankings for column in ranking.columns)
    columns = sorted(asked, key=lambda c: (-asked[c], c.task.position, c.name))
    abreast = theme.abreast(len(columns))
    chunks = [columns[n : n + abreast] for n in range(0, len(columns), abreast)]
    lines = [_lines(section, chunk) for chunk in chunks]
    note = row_selection.note(section)
    labels = max(len(line.label) for some in lines for line in some)
    title = max(len(column.name) for column in columns)
    panel = min(max(2.3, 0.084 * title + 0.1), 3.6)  # inches
    width = 0.065 * labels + 0.3 + max(panel * abreast, 3.6)
    heights = [0.185 * (some[-1].y + 1) for some in lines]
    low, high = _limits(_lines(section, columns), columns)
    with theme.theme():
        figure = theme.canvas(width, sum(heights) + 0.65 * len(chunks) + 0.35 + 0.2 * bool(note))
        axes = figure.subplots(
            len(chunks), abreast, sharey="row", sharex=True, squeeze=False, height_ratios=heights
        )
        for n, (chunk, some, row) in enumerate(zip(chunks, lines, axes, strict=True)):
            for number, ax in enumerate(row):
                if number >= len(chunk):
                    ax.set_visible(False)
                    continue
                _panel(ax, some, chunk[number])
                ax.set_xlim(low, high)
                ax.tick_params(left=False, labelbottom=True)
                if n + 1 == len(chunks) or number >= len(chunks[n + 1]):
                    ax.set_xlabel("accuracy, %", visible=True)
                if number:
                    ax.yaxis.set_visible(False)
                else:
                    _name_lines(ax, some)
        figure.legend(handles=_legend(lines), loc="outside lower right", ncols=4, fontsize=8)
        theme.above(figure, note)
        stem = f"accuracy-{slug(section.title)}"
    caption = f"Accuracy on the tasks of {section.title}, with 95 % intervals for these images"
    return theme.picture(
        figure,
        section.title,
        stem,
        caption + (f"; {note}" if note else ""),
        HEADER,
        _data(_lines(section, columns), columns),
    )


def _lines(section: Section, columns: list[TaskColumn]) -> list[Line]:
    """Rankings on some of the tasks under each other, each with a heading above its rows."""
    lines: list[Line] = []
    y = 0.0
    for number, ranking in enumerate(section.rankings):
        if not set(columns) & set(ranking.columns):
            continue
        lines.append(Line(y, number, ranking, None))
        for row in ranking.rows:
            y += 1
            lines.append(Line(y, number, ranking, row))
        y += 1.4
    return lines


def _name_lines(ax: Axes, lines: list[Line]) -> None:
    ax.set_yticks([line.y for line in lines], [line.label for line in lines])
    for label, line in zip(ax.get_yticklabels(), lines, strict=True):
        if line.row is None:
            label.set(fontweight="bold", color=theme.colour(line.number), fontsize=8)
    ax.set_ylim(lines[-1].y + 0.7, -0.6)


def _panel(ax: Axes, lines: list[Line], column: TaskColumn) -> None:
    ax.set_title(printable(column.name))
    ax.grid(axis="x")
    rows = [line for line in lines if line.row is not None]
    ax.hlines([line.y for line in rows], 0, 1, transform=ax.get_yaxis_transform(), lw=0.4,
              color=theme.FAINT, zorder=0)  # fmt: skip
    if column.task.chance is not None:
        ax.axvline(100 * column.task.chance, color=theme.INK, lw=0.9, ls=(0, (4, 3)), zorder=1)
    for number in dict.fromkeys(line.number for line in rows):
        found = [
            (line.y, result)
            for line in rows
            if line.number == number and (result := line.result(column)) is not None
        ]
        for y, result in found:
            if result.accuracy is None:
                text = FAILED if result.failures else NOT_RUN
                ax.text(0.02, y, text, transform=ax.get_yaxis_transform(), va="center",
                        fontsize=7, style="italic", color=theme.MUTED,
                        bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6})  # fmt: skip
        _marks(ax, [(y, r) for y, r in found if r.accuracy is not None], theme.colour(number))


def _marks(ax: Axes, found: list[tuple[float, Result]], colour: str) -> None:
    """Interval as a line, mean as a dot on it, seeds as rings just below."""
    intervals = [(y, r.accuracy) for y, r in found if r.accuracy is not None]
    for y, interval in intervals:
        if not math.isnan(interval.half_width):
            ax.hlines(y, 100 * interval.low, 100 * interval.high, color=colour, lw=1.8, zorder=2)
    seeds = [(100 * a, y + 0.33) for y, r in found if _shows_seeds(r) for a in r.seed_accuracy]
    ax.scatter([x for x, _ in seeds], [y for _, y in seeds], s=11, facecolor="none",
               edgecolor=colour, linewidth=0.7, zorder=3)  # fmt: skip
    ax.scatter([100 * i.mean for _, i in intervals], [y for y, _ in intervals], s=26,
               color=colour, edgecolor="white", linewidth=0.5, zorder=4)  # fmt: skip


def _shows_seeds(result: Result) -> bool:
    return 1 < len(result.seeds) < SEEDS_SHOWN_BELOW


def _limits(lines: list[Line], columns: list[TaskColumn]) -> tuple[float, float]:
    """One range in percent for all panels, with a little air, within what accuracies can be."""
    values = [100 * c.task.chance for c in columns if c.task.chance is not None]
    for line in lines:
        for result in line.row.results if line.row else ():
            values += [100 * a for a in result.seed_accuracy]
            if result.accuracy is not None and not math.isnan(result.accuracy.low):
                values += [100 * result.accuracy.low, 100 * result.accuracy.high]
    low, high = min(values, default=0.0), max(values, default=100.0)
    air = 0.04 * max(high - low, 5.0)
    return max(low - air, -2.0), min(high + air, 102.0)


def _legend(lines: list[list[Line]]) -> list[Line2D]:
    ink: dict[str, Any] = {"color": theme.MUTED}
    handles = [
        Line2D([], [], marker="o", ms=5, lw=1.8, label="mean, 95 % interval (these images)", **ink)
    ]
    rows = [line.row for some in lines for line in some if line.row]
    if any(_shows_seeds(result) for row in rows for result in row.results):
        handles.append(
            Line2D([], [], marker="o", ms=3.4, lw=0, mfc="none", label="one training seed", **ink)
        )
    handles.append(Line2D([], [], color=theme.INK, lw=0.9, ls=(0, (4, 3)), label="chance"))
    return handles


def _data(lines: list[Line], columns: list[TaskColumn]) -> list[list[Any]]:
    """Per task and model the mean (seed empty) and then each seed; accuracies in [0, 1]."""
    rows: list[list[Any]] = []
    for column in columns:
        for line in lines:
            result = line.result(column)
            if line.row is None or result is None or result.accuracy is None:
                continue
            ranking, interval, chance = line.ranking, result.accuracy, column.task.chance
            head = [column.task.name, column.version, ranking.pool, ranking.budget, ranking.views]
            head += [line.row.key, line.row.recipe8]
            rows.append([*head, None, interval.mean, interval.low, interval.high, chance])
            for seed, value in zip(result.seeds, result.seed_accuracy, strict=True):
                rows.append([*head, seed, value, None, None, chance])
    return rows
