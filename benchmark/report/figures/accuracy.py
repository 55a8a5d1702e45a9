"""Accuracy with its interval: a panel per task, a line per model, seeds as points."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import seaborn as sns
from matplotlib.lines import Line2D

from benchmark.records.store import slug
from benchmark.report.cells import FAILED, NOT_RUN
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.leaderboard import Ranking, Row, Section
from benchmark.report.results import Result, TaskColumn

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


def draw(section: Section) -> theme.Picture:
    """The figure of one section."""
    lines = _lines(section)
    columns = sorted(
        {c for ranking in section.rankings for c in ranking.columns},
        key=lambda c: (c.task.position, c.name),
    )
    abreast = theme.abreast(len(columns))
    down = math.ceil(len(columns) / abreast)
    labels = max(len(_label(line)) for line in lines)
    width = 0.065 * labels + 0.3 + max(2.3 * abreast, 3.6)
    height = down * (0.185 * (lines[-1].y + 1) + 0.65) + 0.35
    low, high = _limits(lines, columns)
    with theme.theme():
        figure = theme.canvas(width, height)
        axes = figure.subplots(down, abreast, sharey=True, sharex=True, squeeze=False).flatten()
        for ax, column in zip(axes, columns, strict=False):
            _panel(ax, lines, column)
            ax.set_xlim(low, high)
        for ax in axes[len(columns) :]:
            ax.set_visible(False)
        for number, ax in enumerate(axes[: len(columns)]):
            ax.tick_params(left=False, labelleft=number % abreast == 0, labelbottom=True)
            if number + abreast >= len(columns):
                ax.set_xlabel("accuracy, %", visible=True)
            if number % abreast == 0:
                _name_lines(ax, lines)
        figure.legend(handles=_legend(lines), loc="outside lower right", ncols=4, fontsize=8)
        stem = f"accuracy-{slug(section.title)}"
        made = theme.files(figure, stem, HEADER, _data(lines, columns))
    caption = f"Accuracy on the tasks of {section.title}, with 95 % intervals for these images"
    return theme.Picture(section.title, stem, caption, made)


def _lines(section: Section) -> list[Line]:
    """Rankings under each other, each with a heading; rows in the order of the tables."""
    lines: list[Line] = []
    y = 0.0
    for number, ranking in enumerate(section.rankings):
        lines.append(Line(y, number, ranking, None))
        for row in ranking.rows:
            y += 1
            lines.append(Line(y, number, ranking, row))
        y += 1.4
    return lines


def _label(line: Line) -> str:
    return theme.short(line.ranking.title if line.row is None else line.row.label)


def _name_lines(ax: Axes, lines: list[Line]) -> None:
    ax.set_yticks([line.y for line in lines], [_label(line) for line in lines])
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
    sns.scatterplot(
        x=[x for x, _ in seeds], y=[y for _, y in seeds], ax=ax, s=11, facecolor="none",
        edgecolor=colour, linewidth=0.7, zorder=3, legend=False,
    )  # fmt: skip
    sns.scatterplot(
        x=[100 * i.mean for _, i in intervals], y=[y for y, _ in intervals], ax=ax, s=26,
        color=colour, edgecolor="white", linewidth=0.5, zorder=4, legend=False,
    )  # fmt: skip
    ax.set(xlabel="", ylabel="")


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


def _legend(lines: list[Line]) -> list[Line2D]:
    ink: dict[str, Any] = {"color": theme.MUTED}
    handles = [
        Line2D([], [], marker="o", ms=5, lw=1.8, label="mean, 95 % interval (these images)", **ink)
    ]
    if any(_shows_seeds(r) for line in lines if line.row for r in line.row.results):
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
