"""Ways and shots: accuracy over N at a fixed K, and over K at a fixed N, a line per model."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D

from benchmark.records.store import slug
from benchmark.report import row_selection
from benchmark.report.aggregate import Result, TaskColumn
from benchmark.report.escape import printable
from benchmark.report.figures import labels, theme
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Leaderboard, Ranking, Row, Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Shape = tuple[int, int]  # ways, shots
Terms = tuple[str, str | None, int]  # pool, budget, views
WAYS, SHOTS = 0, 1
MOST_INTERVALS = 12  # models whose intervals can be told apart; those of more stand in the CSV
NAMES = ("ways", "shots")
HEADER = (
    "family", "ways", "shots", "task", "version", "pool", "budget", "views", "model", "recipe8",
    "accuracy", "low", "high", "chance",
)  # fmt: skip


@dataclass(frozen=True)
class Model:
    """A recipe's results on the shapes of one family; `number` is that of its ranking."""

    number: int
    ranking: Ranking
    row: Row
    results: dict[Shape, Result]

    def over(self, axis: int, fixed: int) -> list[tuple[int, Result]]:
        """(ways or shots, result) along one axis, the other one fixed, ascending."""
        found = [(s[axis], r) for s, r in self.results.items() if s[1 - axis] == fixed]
        return sorted(found, key=lambda each: each[0])


@dataclass(frozen=True)
class Panel:
    """One axis of one family, with the models that answered at least two shapes on it."""

    family: str
    axis: int
    fixed: int
    models: tuple[Model, ...]


def shape_of(task: str) -> tuple[str, Shape] | None:
    """Family and shape of a task named FAMILY-NwKs; None for any other name."""
    match = re.fullmatch(r"(.+)-([1-9]\d*)w([1-9]\d*)s", task)
    return None if match is None else (match[1], (int(match[2]), int(match[3])))


def draw(leaderboard: Leaderboard, section: Section) -> Picture | None:
    """The figure of a section's track, with its unranked tasks.

    None where no model has answered two shapes along one axis.
    """
    track = section.track
    families = _families(leaderboard, track)
    panels = [panel for name in families for panel in _panels(name, families[name])]
    if not panels:
        return None
    abreast = min(2, len(panels))
    down = math.ceil(len(panels) / abreast)
    heights = [
        labels.room(max(len(panel.models) for panel in panels[n : n + abreast]), 1.9)
        for n in range(0, len(panels), abreast)
    ]
    longest = max(len(theme.short(m.row.label)) for panel in panels for m in panel.models)
    shown = {m.number: m.ranking for panel in panels for m in panel.models}
    left_out = [row_selection.note(each) for each in leaderboard.sections if each.track == track]
    note = next(filter(None, left_out), "")
    with theme.theme():
        below = 0.35 + 0.16 * math.ceil((len(shown) + 1) / 2) + 0.2 * bool(note)
        figure = theme.canvas(
            max(abreast * (1.95 + 0.055 * longest) + 0.4, 5.0), sum(heights) + 0.62 * down + below
        )
        axes = figure.subplots(down, abreast, squeeze=False, height_ratios=heights).flatten()
        chance = [
            _panel(figure, ax, panel, heights[n // abreast])
            for n, (ax, panel) in enumerate(zip(axes, panels, strict=False))
        ]
        for ax in axes[len(panels) :]:
            ax.set_visible(False)
        figure.supylabel("accuracy, %", fontsize=8.5)
        figure.legend(
            handles=_legend(shown, any(chance)), loc="outside lower center", ncols=2, fontsize=7.5
        )
        theme.above(figure, note)
        stem = f"shapes-{slug(track)}"
        rows = [row for name in families for row in _data(name, families[name])]
    caption = f"Ways and shots on {track}: accuracy over the number of classes and of supports"
    caption += f"; {note}" if note else ""
    return theme.picture(figure, section.title, stem, caption, HEADER, rows)


def _families(leaderboard: Leaderboard, track: str) -> dict[str, list[Model]]:
    """By family the models with their shapes, ranked tasks and others together."""
    numbers: dict[Terms, int] = {}
    found: dict[str, dict[tuple[Terms, str, str], Model]] = defaultdict(dict)
    for section in leaderboard.sections:
        if section.track != track or section.protocol != "episodes" or section.kind == "earlier":
            continue
        for ranking in section.rankings:
            terms = ranking.pool, ranking.budget, ranking.views
            number = numbers.setdefault(terms, len(numbers))
            for position, column in enumerate(ranking.columns):
                named = shape_of(column.task.name)
                for row in ranking.rows if named else ():
                    family, shape = named or ("", (0, 0))
                    if row.results[position].accuracy is not None:
                        fresh = Model(number, ranking, row, {})
                        key = terms, row.key, row.recipe8
                        model = found[family].setdefault(key, fresh)
                        model.results[shape] = row.results[position]
    return {name: list(found[name].values()) for name in sorted(found)}


def _panels(family: str, models: Sequence[Model]) -> list[Panel]:
    """Over ways for each number of shots, then over shots for each number of ways."""
    panels = []
    for axis in (WAYS, SHOTS):
        for fixed in sorted({shape[1 - axis] for model in models for shape in model.results}):
            mine = tuple(model for model in models if len(model.over(axis, fixed)) > 1)
            if mine:
                panels.append(Panel(family, axis, fixed, mine))
    return panels


def _panel(figure: Figure, ax: Axes, panel: Panel, height: float) -> bool:
    """A line per model, whose name stands at its right end; tells whether chance is in sight."""
    ax.grid()
    values = sorted({value for m in panel.models for value, _ in m.over(panel.axis, panel.fixed)})
    bounds: list[float] = []
    ends: list[labels.Named] = []
    for model in panel.models:
        points = [(value, r.accuracy) for value, r in model.over(panel.axis, panel.fixed)
                  if r.accuracy is not None]  # fmt: skip
        x, y = [value for value, _ in points], [100 * i.mean for _, i in points]
        colour = theme.colour(model.number)
        for value, i in points if len(panel.models) <= MOST_INTERVALS else ():
            if not math.isnan(i.half_width):
                ax.vlines(value, 100 * i.low, 100 * i.high, color=colour, lw=1.0, zorder=2)
                bounds += [100 * i.low, 100 * i.high]
        ax.plot(x, y, color=colour, lw=1.2, marker=theme.marker(model.number), ms=4, mec="white",
                mew=0.4, zorder=3)  # fmt: skip
        bounds += y
        ends.append(labels.Named(x[-1], y[-1], model.row.label, model.number))
    if panel.axis == WAYS:
        chance = [100 / value for value in values]
        ax.plot(values, chance, color=theme.INK, lw=0.9, ls=(0, (4, 3)), zorder=1)
    else:
        chance = [100 / panel.fixed]
        ax.axhline(chance[0], color=theme.INK, lw=0.9, ls=(0, (4, 3)), zorder=1)
    low, high = min(bounds), max(bounds)
    air = 0.05 * max(high - low, 5.0)
    ax.set_xscale("log")
    ax.set_xlim(values[0] / 1.15, values[-1] * 1.08)
    ax.set_ylim(low - air, high + air)
    ax.set_xticks(values, [str(value) for value in values])
    ax.minorticks_off()
    ax.set_xlabel(NAMES[panel.axis])
    fixed = f"{panel.fixed} {NAMES[1 - panel.axis]}"
    fixed = fixed.removesuffix("s") if panel.fixed == 1 else fixed
    ax.set_title(f"{printable(panel.family)}, {fixed}", fontsize=8)
    labels.name_points(figure, ax, ends, height)
    return max(chance) > low - air


def _legend(shown: dict[int, Ranking], chance: bool) -> list[Line2D]:
    handles = [
        Line2D([], [], lw=1.2, ms=4, marker=theme.marker(n), color=theme.colour(n),
               label=printable(shown[n].title))
        for n in sorted(shown)
    ]  # fmt: skip
    if chance:
        handles.append(Line2D([], [], color=theme.INK, lw=0.9, ls=(0, (4, 3)), label="chance"))
    return handles


def _data(family: str, models: Sequence[Model]) -> list[list[Any]]:
    """Every shape of every model that is in a panel; accuracies in [0, 1]."""
    drawn = {id(model) for panel in _panels(family, models) for model in panel.models}
    rows: list[list[Any]] = []
    for model in models:
        for (ways, shots), result in sorted(model.results.items()):
            ranking, interval = model.ranking, result.accuracy
            if id(model) in drawn and interval is not None:
                column: TaskColumn = result.column
                rows.append(
                    [family, ways, shots, column.task.name, column.version, ranking.pool,
                     ranking.budget, ranking.views, model.row.key, model.row.recipe8,
                     interval.mean, interval.low, interval.high, 1 / ways]
                )  # fmt: skip
    return rows
