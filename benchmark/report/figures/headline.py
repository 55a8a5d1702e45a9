"""The headline as a figure: models by main task, a panel a track, with both intervals."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from benchmark.report.aggregate import Result
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.figures.picture import Picture
from benchmark.report.summary_table import TITLE, Headline, Line, Part

if TYPE_CHECKING:
    from matplotlib.axes import Axes

STEM = "headline"
TWIN, OTHER = theme.COLOURS[1], theme.COLOURS[0]
WIDE = 0.08  # half width of an interval that would stretch the axis: it is cut, with an arrow
HEADER = (
    "task", "version", "budget", "model", "recipe8", "seeds", "accuracy", "images_low",
    "images_high", "classes_low", "classes_high", "validation",
)  # fmt: skip


def draw(found: Headline | None) -> Picture | None:
    """The figure; None without a headline."""
    if found is None:
        return None
    lines = [line for line in found.lines if any(_main(found, line))]
    labels = max(len(line.key) for line in lines)
    with theme.theme():
        width = 0.068 * labels + 2.9 * len(found.parts)
        figure = theme.canvas(width, 0.19 * len(lines) + 1.25)
        axes = figure.subplots(1, len(found.parts), squeeze=False, sharey=True).flatten()
        for number, (ax, part) in enumerate(zip(axes, found.parts, strict=True)):
            _panel(ax, part, [(line.siamese, _main(found, line)[number]) for line in lines])
        axes[0].set_yticks(range(len(lines)), [theme.short(line.key) for line in lines])
        for label, line in zip(axes[0].get_yticklabels(), lines, strict=True):
            if line.siamese:
                label.set(fontweight="bold", color=TWIN)
        axes[0].set_ylim(len(lines) - 0.4, -0.6)
        figure.legend(handles=_legend(), loc="outside lower center", ncols=2, fontsize=7.5)
    tasks = " and ".join(part.columns[0].name for part in found.parts)
    return theme.picture(
        figure, TITLE, STEM, f"Accuracy of all methods on {tasks}", HEADER, _data(found)
    )


def _main(found: Headline, line: Line) -> list[Result | None]:
    """The line's result on the main task of each part; None where it has no number."""
    first = [results[0] for results in found.results(line)]
    return [None if each is None or each.accuracy is None else each for each in first]


def _panel(ax: Axes, part: Part, lines: list[tuple[bool, Result | None]]) -> None:
    ax.grid(axis="x")
    left, right = _ends([result for _, result in lines if result is not None])
    for y, (siamese, result) in enumerate(lines):
        ax.axhline(y, lw=0.4, color=theme.FAINT, zorder=0)
        if result is None or result.accuracy is None:
            continue
        ink = TWIN if siamese else OTHER
        images, classes = result.accuracy, result.new_classes
        if classes is not None and not math.isnan(classes.low):
            ax.hlines(y, 100 * classes.low, 100 * classes.high, color=ink, lw=5, alpha=0.25,
                      zorder=2)  # fmt: skip
        if not math.isnan(images.low):
            ax.hlines(y, 100 * images.low, 100 * images.high, color=ink, lw=1.7, zorder=3)
        for beyond, edge, arrow in (
            (100 * images.low < left, left, "<"), (100 * images.high > right, right, ">"),
        ):  # fmt: skip
            if beyond:
                ax.plot(edge, y, marker=arrow, ms=4.6, color=ink, clip_on=False, zorder=4)
        ax.plot(100 * images.mean, y, marker="s" if siamese else "o", ms=4.6, color=ink,
                markeredgecolor="white", markeredgewidth=0.5, zorder=4)  # fmt: skip
        theme.beside(ax, 24, y, f"{100 * images.mean:.1f}", ha="right", fontsize=8)
    ax.set_xlim(left, right)
    ax.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10]))
    ax.tick_params(left=False)
    ax.spines["left"].set_visible(False)
    ax.set_title(printable(part.columns[0].name))
    ax.set_xlabel(f"accuracy, % (budget {printable(str(part.ranking.budget))})")


def _ends(results: list[Result]) -> tuple[float, float]:
    """Where the axis begins and ends, in percent: all means, all intervals that are not wide."""
    images = [result.accuracy for result in results if result.accuracy is not None]
    shown = [(i.low, i.high) for i in images if i.half_width <= WIDE]
    shown += [(c.low, c.high) for r in results if (c := r.new_classes) and c.half_width <= WIDE]
    shown += [(i.mean, i.mean) for i in images]
    lowest, highest = min(low for low, _ in shown), max(high for _, high in shown)
    room = 0.06 * max(highest - lowest, 0.01)
    return 100 * (lowest - room), 100 * (highest + room)


def _legend() -> list[Line2D]:
    return [
        Line2D([], [], marker="s", ms=5, lw=1.7, color=TWIN, label="Siamese network"),
        Line2D([], [], marker="o", ms=5, lw=1.7, color=OTHER, label="other method"),
        Line2D([], [], lw=1.7, color=theme.MUTED, label="95 %, these images"),
        Line2D([], [], lw=5, alpha=0.3, color=theme.MUTED, label="95 %, new groups of classes"),
    ]


def _data(found: Headline) -> list[list[Any]]:
    """Accuracies in [0, 1]; a line for every column that the table shows."""
    rows: list[list[Any]] = []
    for line in found.lines:
        for part, row, results in zip(found.parts, line.rows, found.results(line), strict=True):
            for column, result in zip(part.columns, results, strict=True):
                if row is not None and result is not None and result.accuracy is not None:
                    head = [column.task.name, column.version, part.ranking.budget, line.key]
                    rows.append([*head, row.recipe8, *_numbers(result)])
    return rows


def _numbers(result: Result) -> list[Any]:
    assert result.accuracy is not None
    images, classes = result.accuracy, result.new_classes
    ends = [None, None] if classes is None else [classes.low, classes.high]
    seeds = " ".join(map(str, result.seeds))
    return [seeds, images.mean, images.low, images.high, *ends, result.validation]
