"""Learning curves: validation accuracy against training items, a panel per model.

Small multiples instead of one tangle: each model stands out in front of all others in grey, which
stays legible from five models to sixty.
"""

from __future__ import annotations

import math
import textwrap
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import EngFormatter, MaxNLocator
from numpy.typing import ArrayLike

from benchmark.records.schema import Record
from benchmark.records.store import slug
from benchmark.report import row_selection
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.figures.panels import LINE, Layout, Panels
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Ranking, Row, Section
from benchmark.report.task_info import describe

MOST_LINES = 16
TITLE_WIDTH = 36
HEADER = (
    "pool", "budget", "views", "model", "recipe8", "seed", "fold", "items", "validation", "loss",
)  # fmt: skip


@dataclass(frozen=True)
class Model:
    """A model's panel: per (seed, fold) its (items, validation accuracy, loss) points."""

    title: str
    number: int
    ranking: Ranking
    row: Row
    curves: dict[tuple[int, int], tuple[tuple[int, float, float], ...]]


def learned(section: Section, records: Iterable[Record]) -> bool:
    """Whether the section has any learning curve to draw."""
    tasks = {(c.task.name, c.version) for ranking in section.rankings for c in ranking.columns}
    return any(r.curve and (r.task.name, r.task.version) in tasks for r in records)


def draw(section: Section, records: Iterable[Record]) -> Picture | None:
    """The figure of one section, None if none of its models has a curve."""
    records = list(records)
    models = _models(section, records)
    if not models:
        return None
    decides = _deciding_task(section, records)
    chance = describe(decides).chance if decides else None
    x_limits, y_limits = _limits(models, chance)
    abreast = theme.abreast(len(models))
    means = [_mean(model) for model in models]
    legend = _legend(models, decides)
    columns = 4 if abreast > 2 else 2
    above = 0.5 + LINE * math.ceil(len(legend) / columns)
    note = row_selection.note(section)
    below = 0.55 + LINE * bool(note)
    layout = Layout((2.1, 1.3), (2.32, 1.72), 0.72, 0.2, below, above, narrowest=4.4)
    with theme.theme():
        panels = Panels(len(models), abreast, layout, x_limits, y_limits)
        x_ticks, y_ticks = _ticks(x_limits, 4), _ticks(y_limits, 5)
        panels.frames(x_ticks, y_ticks, EngFormatter(sep=""), "{:g}".format)
        _others(panels, means)
        _curves(panels, models, means)
        for number, model in enumerate(models):
            title = textwrap.wrap(printable(model.title), TITLE_WIDTH)
            panels.title(number, "\n".join(title), 7.2)
        if chance is not None:
            line = [(x_limits[0], 100 * chance), (x_limits[1], 100 * chance)]
            panels.lines([(n, line) for n in range(len(models))], colors=theme.INK,
                         linewidths=0.8, linestyles=[(0, (4, 3))], zorder=1)  # fmt: skip
        panels.names("training items seen", "validation accuracy, %", note)
        panels.figure.legend(handles=legend, loc="upper right", fontsize=8, ncols=columns)
        stem = f"curves-{slug(section.title)}"
    caption = f"Learning curves of {section.title}: validation accuracy against training items"
    caption += f"; {note}" if note else ""
    return theme.picture(panels.figure, section.title, stem, caption, HEADER, _data(models))


def _models(section: Section, records: list[Record]) -> list[Model]:
    """One panel per training: tasks of a track and numbers of views share theirs."""
    models: list[Model] = []
    # The hash of a recipe takes its time: once a record, not once a row and record.
    curved: dict[tuple[str, str], list[Record]] = defaultdict(list)
    for record in records:
        if record.curve:
            curved[record.model.key, record.model.recipe8].append(record)
    for number, ranking in enumerate(section.rankings):
        tasks = [(column.task.name, column.version) for column in ranking.columns]
        for row in ranking.rows:
            curves: dict[tuple[int, int], tuple[tuple[int, float, float], ...]] = {}
            mine = [
                r for r in curved[row.key, row.recipe8] if (r.task.name, r.task.version) in tasks
            ]
            for r in sorted(mine, key=lambda r: tasks.index((r.task.name, r.task.version))):
                points = tuple(
                    (p.items, p.correct_per_10000 / 10_000, p.loss_millionths / 1_000_000)
                    for p in sorted(r.curve, key=lambda p: p.items)
                )
                curves.setdefault((r.seed, r.fold or 0), points)
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
    """Mean of the trainings in percent, over the items that all of them reached.

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


def _others(panels: Panels, means: list[tuple[Any, Any]]) -> None:
    """The other models behind each one: lines while they are few, then the range of all."""
    if len(means) <= MOST_LINES:
        others: list[tuple[int, ArrayLike]] = [
            (number, np.column_stack(mean))
            for number in range(len(means))
            for n, mean in enumerate(means)
            if n != number
        ]
        panels.lines(others, colors=theme.FAINT, linewidths=0.8, zorder=1)
        return
    items = np.unique(np.concatenate([x for x, _ in means]))
    values = np.stack(
        [np.interp(items, x, y, left=np.nan, right=np.nan) for x, y in means if len(x)]
    )
    low, high = np.nanmin(values, axis=0), np.nanmax(values, axis=0)
    around = np.concatenate([np.column_stack([items, low]), np.column_stack([items, high])[::-1]])
    panels.areas([(n, around) for n in range(len(means))], facecolors="#e9e9e9", lw=0, zorder=0.5)


def _curves(panels: Panels, models: list[Model], means: list[tuple[Any, Any]]) -> None:
    """Each model's seeds, and their mean in front."""
    seeds: list[tuple[int, ArrayLike]] = [
        (number, [(p[0], 100 * p[1]) for p in curve])
        for number, model in enumerate(models)
        for curve in model.curves.values()
    ]
    colours = [theme.colour(models[number].number) for number, _ in seeds]
    panels.lines(seeds, colors=colours, linewidths=0.6, alpha=0.75, zorder=2)
    panels.lines(
        [(number, np.column_stack(mean)) for number, mean in enumerate(means)],
        colors=[theme.colour(model.number) for model in models], linewidths=2.0, zorder=3,
        capstyle="round", joinstyle="round",
    )  # fmt: skip


def _ticks(limits: tuple[float, float], most: int) -> list[float]:
    """Round numbers within the limits."""
    ticks = MaxNLocator(most, steps=[1, 2, 2.5, 5, 10]).tick_values(*limits)
    return [float(tick) for tick in ticks if limits[0] <= tick <= limits[1]]


def _limits(models: list[Model], chance: float | None) -> tuple[tuple[float, float], ...]:
    """The range of items and that of accuracy in percent which all panels share."""
    points = [point for model in models for curve in model.curves.values() for point in curve]
    accuracy = [100 * point[1] for point in points] + ([] if chance is None else [100 * chance])
    air = 0.05 * max(max(accuracy) - min(accuracy), 5.0)
    most = max(point[0] for point in points)
    return (0.0, 1.03 * max(most, 1)), (min(accuracy) - air, max(accuracy) + air)


def _deciding_task(section: Section, records: list[Record]) -> str | None:
    """The validation task of the section's records, if they agree on one."""
    tasks = {c.task.name for ranking in section.rankings for c in ranking.columns}
    found = {r.validation.task for r in records if r.validation and r.task.name in tasks}
    return found.pop() if len(found) == 1 else None


def _legend(models: list[Model], decides: str | None) -> list[Line2D | Patch]:
    handles: list[Line2D | Patch] = []
    if any(len(model.curves) > 1 for model in models):
        handles.append(Line2D([], [], color=theme.MUTED, lw=2.0, label="mean of the trainings"))
        handles.append(Line2D([], [], color=theme.MUTED, lw=0.6, label="one training"))
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
        [
            m.ranking.pool,
            m.ranking.budget,
            m.ranking.views,
            m.row.key,
            m.row.recipe8,
            *which,
            *point,
        ]
        for m in models
        for which, curve in m.curves.items()
        for point in curve
    ]
