"""Learning curves: validation accuracy against training items, a panel per model.

Small multiples instead of one tangle: each model stands out in front of all others in grey, which
stays legible from five models to sixty.
"""

from __future__ import annotations

import math
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.collections import LineCollection
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, MaxNLocator

from benchmark.records.schema import Record
from benchmark.records.store import slug
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.leaderboard import Ranking, Row, Section
from benchmark.report.names import describe

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MOST_LINES = 16
TITLE_WIDTH = 36
HEADER = (
    "pool", "budget", "views", "model", "recipe8", "seed", "items", "validation", "loss",
)  # fmt: skip


@dataclass(frozen=True)
class Model:
    """A model's panel: `curves` holds per seed (items, validation accuracy, loss) points."""

    title: str
    number: int
    ranking: Ranking
    row: Row
    curves: dict[int, tuple[tuple[int, float, float], ...]]


def draw(section: Section, records: Iterable[Record]) -> theme.Picture | None:
    """The figure of one section, None if none of its models has a curve."""
    records = list(records)
    models = _models(section, records)
    if not models:
        return None
    decides = _deciding_task(section, records)
    chance = describe(decides).chance if decides else None
    x_limits, y_limits = _limits(models, chance)
    abreast = theme.abreast(len(models))
    down = math.ceil(len(models) / abreast)
    means = [_mean(model) for model in models]
    with theme.theme():
        figure = theme.canvas(max(2.4 * abreast + 0.4, 4.4), 1.62 * down + 0.95)
        axes = figure.subplots(down, abreast, squeeze=False).flatten()
        for number, (ax, model) in enumerate(zip(axes, models, strict=False)):
            _others(ax, means, number)
            _panel(ax, model, means[number], chance)
            # Set one by one: matplotlib's own sharing slows down with the square of the panels.
            ax.set(xlim=x_limits, ylim=y_limits)
            # The lowest of each column has the numbers, also above an empty place.
            ax.tick_params(
                labelbottom=number + abreast >= len(models), labelleft=number % abreast == 0
            )
        for ax in axes[len(models) :]:
            ax.set_visible(False)
        figure.supxlabel("training items seen", fontsize=8.5)
        figure.supylabel("validation accuracy, %", fontsize=8.5)
        figure.legend(
            handles=_legend(models, decides), loc="outside upper right", fontsize=8,
            ncols=4 if abreast > 2 else 2,
        )  # fmt: skip
        stem = f"curves-{slug(section.title)}"
        made = theme.files(figure, stem, HEADER, _data(models))
    caption = f"Learning curves of {section.title}: validation accuracy against training items"
    return theme.Picture(section.title, stem, caption, made)


def _models(section: Section, records: list[Record]) -> list[Model]:
    """One panel per training: tasks of a track and numbers of views share theirs."""
    models: list[Model] = []
    for number, ranking in enumerate(section.rankings):
        tasks = [(column.task.name, column.version) for column in ranking.columns]
        for row in ranking.rows:
            curves: dict[int, tuple[tuple[int, float, float], ...]] = {}
            mine = [
                r
                for r in records
                if (r.model.key, r.model.recipe8) == (row.key, row.recipe8)
                and (r.task.name, r.task.version) in tasks
                and r.curve
            ]
            for r in sorted(mine, key=lambda r: tasks.index((r.task.name, r.task.version))):
                points = tuple(
                    (p.items, p.correct_per_10000 / 10_000, p.loss_millionths / 1_000_000)
                    for p in sorted(r.curve, key=lambda p: p.items)
                )
                curves.setdefault(r.seed, points)
            known = any(m.row.key == row.key and m.curves == curves for m in models)
            if curves and not known:
                ordered = dict(sorted(curves.items()))
                models.append(Model(row.label, number, ranking, row, ordered))
    titles = [model.title for model in models]
    return [
        Model(f"{m.title}, {m.ranking.title}", m.number, m.ranking, m.row, m.curves)
        if titles.count(m.title) > 1
        else m
        for m in models
    ]


def _mean(model: Model) -> tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]:
    """Mean over seeds in percent, over the items that all of them reached.

    Seeds may validate at different moments; between two of its own each is taken as straight.
    """
    starts = max(curve[0][0] for curve in model.curves.values())
    ends = min(curve[-1][0] for curve in model.curves.values())
    items = np.array(
        sorted({p[0] for c in model.curves.values() for p in c if starts <= p[0] <= ends})
    )
    values = [
        np.interp(items, [p[0] for p in curve], [100 * p[1] for p in curve])
        for curve in model.curves.values()
    ]
    return items, np.mean(values, axis=0) if len(items) else items


def _others(ax: Axes, means: list[tuple[Any, Any]], number: int) -> None:
    """The other models behind this one: lines while they are few, then the range of all."""
    if len(means) <= MOST_LINES:
        others = [np.column_stack(mean) for n, mean in enumerate(means) if n != number]
        ax.add_collection(LineCollection(others, colors=theme.FAINT, linewidths=0.8, zorder=1))
        return
    items = np.unique(np.concatenate([x for x, _ in means]))
    values = np.stack(
        [np.interp(items, x, y, left=np.nan, right=np.nan) for x, y in means if len(x)]
    )
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    ax.fill_between(items, low, high, color="#e9e9e9", lw=0, zorder=0)


def _limits(models: list[Model], chance: float | None) -> tuple[tuple[float, float], ...]:
    """The range of items and that of accuracy in percent which all panels share."""
    points = [point for model in models for curve in model.curves.values() for point in curve]
    accuracy = [100 * point[1] for point in points] + ([] if chance is None else [100 * chance])
    air = 0.05 * max(max(accuracy) - min(accuracy), 5.0)
    most = max(point[0] for point in points)
    return (0.0, 1.03 * max(most, 1)), (min(accuracy) - air, max(accuracy) + air)


def _panel(ax: Axes, model: Model, mean: tuple[Any, Any], chance: float | None) -> None:
    colour = theme.colour(model.number)
    seeds = [[(p[0], 100 * p[1]) for p in curve] for curve in model.curves.values()]
    ax.add_collection(LineCollection(seeds, colors=colour, linewidths=0.6, alpha=0.75, zorder=2))
    ax.plot(*mean, color=colour, lw=2.0, zorder=3, solid_capstyle="round")
    if chance is not None:
        ax.axhline(100 * chance, color=theme.INK, lw=0.8, ls=(0, (4, 3)), zorder=1)
    ax.set_title("\n".join(textwrap.wrap(printable(model.title), TITLE_WIDTH)), fontsize=7.2)
    ax.grid()
    ax.tick_params(length=2)
    ax.xaxis.set_major_formatter(EngFormatter(sep=""))
    ax.xaxis.set_major_locator(MaxNLocator(4, steps=[1, 2, 2.5, 5, 10]))
    ax.yaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 2.5, 5, 10]))


def _deciding_task(section: Section, records: list[Record]) -> str | None:
    """The validation task of the section's records, if they agree on one."""
    tasks = {c.task.name for ranking in section.rankings for c in ranking.columns}
    found = {r.validation.task for r in records if r.validation and r.task.name in tasks}
    return found.pop() if len(found) == 1 else None


def _legend(models: list[Model], decides: str | None) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = []
    if any(len(model.curves) > 1 for model in models):
        handles.append(Line2D([], [], color=theme.MUTED, lw=2.0, label="mean over seeds"))
        handles.append(Line2D([], [], color=theme.MUTED, lw=0.6, label="one seed"))
    if len(models) > MOST_LINES:
        handles.append(Patch(color=theme.FAINT, lw=0, label="range of all models"))
    elif len(models) > 1:
        handles.append(Line2D([], [], color=theme.FAINT, lw=1.0, label="other models"))
    if decides and describe(decides).chance is not None:
        label = f"chance, {printable(decides)}"
        handles.append(Line2D([], [], color=theme.INK, lw=0.8, ls=(0, (4, 3)), label=label))
    return handles


def _data(models: list[Model]) -> list[list[Any]]:
    """Every point of every seed; validation accuracy in [0, 1]."""
    return [
        [m.ranking.pool, m.ranking.budget, m.ranking.views, m.row.key, m.row.recipe8, seed, *point]
        for m in models
        for seed, curve in m.curves.items()
        for point in curve
    ]
