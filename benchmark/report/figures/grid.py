"""Heat map of Siamese networks with one backbone: distance x loss, a panel per ranking.

A cell shows its number; hatched cells have not been measured, empty ones cannot be. Darker is
higher within the figure, also in greyscale prints.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import seaborn as sns
from matplotlib.lines import Line2D
from matplotlib.patches import Patch, Rectangle

from benchmark.records.store import slug
from benchmark.report import cells as words
from benchmark.report.aggregate import Result, TaskColumn
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.figures.picture import Picture
from benchmark.report.grid import Cell, cells, impossible
from benchmark.report.leaderboard import Ranking, Section
from benchmark.report.primary_task import main_position

if TYPE_CHECKING:
    from matplotlib.axes import Axes

State = Literal["measured", "failed", "not run", "impossible"]
SHADES = "Blues"
HATCH = "////"
HEADER = (
    "task", "version", "pool", "budget", "views", "backbone", "distance", "loss", "state",
    "recipe8", "accuracy", "low", "high", "validation",
)  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """A ranking's cells with one backbone, by distance and loss."""

    ranking: Ranking
    column: TaskColumn
    backbone: str
    cells: dict[tuple[str, str], Cell]

    def result(self, distance: str, loss: str) -> Result | None:
        """The cell's result; None where it has none."""
        cell = self.cells.get((distance, loss))
        return None if cell is None else cell.result

    def state(self, distance: str, loss: str) -> State:
        """What is known of a cell."""
        result = self.result(distance, loss)
        if result is not None and result.accuracy is not None:
            return "measured"
        if result is not None and result.failures:
            return "failed"
        return "impossible" if result is None and impossible(distance, loss) else "not run"


def draw(section: Section) -> list[Picture]:
    """A figure for each backbone that has distances crossed with losses in one ranking."""
    panels = [panel for ranking in section.rankings for panel in _panels(section, ranking)]
    backbones = sorted({panel.backbone for panel in panels})
    return [_figure(section, [p for p in panels if p.backbone == each]) for each in backbones]


def _panels(section: Section, ranking: Ranking) -> list[Panel]:
    position = main_position(section, ranking)
    if position is None:
        return []
    found: dict[str, dict[tuple[str, str], Cell]] = {}
    for (backbone, *rest), cell in cells(ranking, position).items():
        found.setdefault(backbone, {})[rest[0], rest[1]] = cell
    column = ranking.columns[position]
    panels = [Panel(ranking, column, backbone, those) for backbone, those in found.items()]
    return [panel for panel in panels if _suffices(panel)]


def _suffices(panel: Panel) -> bool:
    """Whether some distance has two losses and some loss two distances: less is no crossing."""
    there = [parts for parts, cell in panel.cells.items() if cell.result.accuracy is not None]
    return all(max(Counter(parts[n] for parts in there).values(), default=0) > 1 for n in (0, 1))


def _figure(section: Section, panels: list[Panel]) -> Picture:
    distances = sorted({distance for panel in panels for distance, _ in panel.cells})
    losses = sorted({loss for panel in panels for _, loss in panel.cells})
    backbone, column = panels[0].backbone, panels[0].column
    height = 0.32 * len(distances) + 0.5
    lowest = 0.065 * max(len(loss) for loss in losses) * 0.75 + 0.3
    width = 0.52 * len(losses) + 0.075 * max(len(distance) for distance in distances) + 0.5
    values = [100 * r.accuracy.mean for p in panels for c in p.cells.values()
              if (r := c.result).accuracy is not None]  # fmt: skip
    low, high = min(values), max(values)
    shared = words.shared_marks(_results(panels))
    with theme.theme():
        figure = theme.canvas(max(width, 4.6) + 0.6, height * len(panels) + lowest + 0.85)
        axes = figure.subplots(len(panels), 1, squeeze=False).flatten()
        for ax, panel in zip(axes, panels, strict=True):
            _heat(ax, panel, distances, losses, (low, high), shared)
            ax.set_title(printable(panel.ranking.title), fontsize=8)
            ax.tick_params(labelbottom=panel is panels[-1])
        figure.colorbar(
            axes[0].collections[0], ax=list(axes), label="accuracy, %", aspect=30, pad=0.02
        )
        for label in axes[-1].get_xticklabels():
            label.set(rotation=35, ha="right", rotation_mode="anchor")
        figure.suptitle(
            f"{printable(backbone)}, accuracy on {printable(column.name)}, %", fontsize=9.5
        )
        handles = _legend(panels, distances, losses, shared)
        figure.legend(
            handles=handles, loc="outside lower center", ncols=1, fontsize=7.5, handlelength=1.4
        )
        stem = f"grid-{slug(section.title)}-{slug(backbone)}"
    caption = f"Distance x loss of Siamese networks on {backbone}: accuracy on {column.name}"
    return theme.picture(
        figure, section.title, stem, caption, HEADER, _data(panels, distances, losses)
    )


def _results(panels: list[Panel]) -> list[Result]:
    return [cell.result for panel in panels for cell in panel.cells.values()]


def _heat(
    ax: Axes,
    panel: Panel,
    distances: list[str],
    losses: list[str],
    bounds: tuple[float, float],
    shared: str,
) -> None:
    values = np.full((len(distances), len(losses)), np.nan)
    labels = np.full(values.shape, "", dtype=object)
    for y, distance in enumerate(distances):
        for x, loss in enumerate(losses):
            state, result = panel.state(distance, loss), panel.result(distance, loss)
            if result is not None and result.accuracy is not None:
                values[y, x] = 100 * result.accuracy.mean
                own = "".join(mark for mark in words.marks(result) if mark not in shared)
                labels[y, x] = f"{values[y, x]:.1f}{own}"
            elif state != "impossible":
                ax.add_patch(Rectangle((x, y), 1, 1, fill=False, lw=0, ec=theme.FAINT, hatch=HATCH))
            if state == "failed":
                white = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}
                ax.text(x + 0.5, y + 0.5, words.FAILED, ha="center", va="center", fontsize=7,
                        style="italic", bbox=white)  # fmt: skip
    sns.heatmap(
        values, annot=labels, fmt="", ax=ax, cmap=SHADES, vmin=bounds[0], vmax=bounds[1],
        linewidths=1.2, annot_kws={"fontsize": 7.5}, cbar=False,
        xticklabels=[printable(loss) for loss in losses],
        yticklabels=[printable(distance) for distance in distances],
    )  # fmt: skip
    ax.tick_params(length=0, labelrotation=0)
    mesh: Any = ax.collections[0]
    for text in ax.texts:  # white where the contrast with the cell is at least 4.5 to 1
        x, y = (int(place) for place in text.get_position())
        if not np.isnan(values[y, x]):
            light = sns.utils.relative_luminance(mesh.cmap(mesh.norm(values[y, x])))
            text.set_color("white" if light < 0.18 else theme.INK)


def _legend(
    panels: list[Panel], distances: list[str], losses: list[str], shared: str
) -> list[Patch | Line2D]:
    states = {panel.state(d, loss) for panel in panels for d in distances for loss in losses}
    handles: list[Patch | Line2D] = []
    if "not run" in states:
        handles.append(Patch(facecolor="white", edgecolor=theme.FAINT, hatch=HATCH, lw=0.4,
                             label="not measured"))  # fmt: skip
    if "impossible" in states:
        handles.append(
            Patch(facecolor="white", edgecolor="white", label="empty: cannot be combined")
        )
    for note in words.notes(_results(panels)):
        mark, _, said = note.partition(":")[0].partition(" ")
        label = f"all cells: {said[0].lower()}{said[1:]}" if mark in shared else f"{mark} {said}"
        handles.append(Line2D([], [], lw=0, label=label))
    return handles


def _data(panels: list[Panel], distances: list[str], losses: list[str]) -> list[list[Any]]:
    """Every place of the grid; accuracies in [0, 1]."""
    rows: list[list[Any]] = []
    for panel in panels:
        ranking, column = panel.ranking, panel.column
        head = [column.task.name, column.version, ranking.pool, ranking.budget, ranking.views]
        for distance in distances:
            for loss in losses:
                cell = panel.cells.get((distance, loss))
                told: list[Any] = [None if cell is None else cell.row.recipe8, *[math.nan] * 4]
                if cell is not None and cell.result.accuracy is not None:
                    interval = cell.result.accuracy
                    told[1:] = [interval.mean, interval.low, interval.high, cell.result.validation]
                state = panel.state(distance, loss)
                rows.append([*head, panel.backbone, distance, loss, state, *told])
    return rows
