"""Reliability diagrams: how often a model is right where it says it is, a small panel a model."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Any

from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from numpy.typing import ArrayLike

from benchmark.records.store import slug
from benchmark.report import row_selection
from benchmark.report.aggregate import TaskColumn
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.figures.panels import LINE, Layout, Panels
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Ranking, Row, Section
from benchmark.report.measured import Measured
from benchmark.report.outcomes import confidences
from benchmark.report.primary_task import main_name, main_position
from benchmark.statistics.calibration import Reliability, reliability

ABREAST = 6  # most panels in a row
TALLEST = 28  # percent of a panel's height that the bin with most answers takes
TITLE_WIDTH = 25
DASHES = (0, (3, 2))
HEADER = (
    "task", "version", "pool", "budget", "views", "model", "recipe8", "bin", "bins", "answers",
    "correct", "confidence", "accuracy", "expected_calibration_error",
)  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """A model's bins, added up over its seeds, and what they say."""

    number: int
    ranking: Ranking
    row: Row
    column: TaskColumn
    answers: tuple[int, ...]
    correct: tuple[int, ...]
    found: Reliability


def draw(section: Section, measured: Measured) -> Picture | None:
    """The figure of one section; None where no record of its main task has counted confidences."""
    panels = _panels(section, measured)
    if not panels:
        return None
    abreast = min(ABREAST, len(panels))
    name = main_name(section)
    legend = _legend(panels)
    columns = 2 if abreast > 2 else 1
    above = 0.5 + LINE * math.ceil(len(legend) / columns)
    note = row_selection.note(section)
    below = 0.5 + LINE * bool(note)
    layout = Layout((1.12, 1.12), (1.45, 1.56), 0.62, 0.35, below, above, narrowest=4.4)
    with theme.theme():
        places = Panels(len(panels), abreast, layout, (0, 100), (0, 100))
        places.frames((0, 50, 100), (0, 50, 100), "{:g}".format, "{:g}".format)
        diagonal = [(0, 0), (100, 100)]
        places.lines([(n, diagonal) for n in range(len(panels))], colors=theme.INK, linewidths=0.8,
                     linestyles=[DASHES], zorder=2)  # fmt: skip
        for n, panel in enumerate(panels):
            _panel(places, n, panel)
        places.names("confidence, %", "accuracy, %", note)
        places.figure.legend(handles=legend, loc="upper center", fontsize=7.5, ncols=columns)
        stem = f"reliability-{slug(section.title)}"
        rows = [row for panel in panels for row in _data(panel)]
    caption = (
        f"Reliability on {name}: accuracy against confidence, at a temperature fitted on "
        "validation, with the expected calibration error (ECE)" + (f"; {note}" if note else "")
    )
    return theme.picture(places.figure, section.title, stem, caption, HEADER, rows)


def _panels(section: Section, measured: Measured) -> list[Panel]:
    panels = []
    for number, ranking in enumerate(section.rankings):
        position = main_position(section, ranking)
        if position is None:
            continue
        column = ranking.columns[position]
        for row in ranking.rows:
            bins = confidences(measured.records(row, column))
            if bins is not None:
                answers, correct, millionths = bins
                found = reliability(answers, correct, millionths)
                panels.append(
                    Panel(number, ranking, row, column, tuple(answers), tuple(correct), found)
                )
    return panels


def _panel(places: Panels, n: int, panel: Panel) -> None:
    """Each bin's gap to the diagonal, its point, and below the shares of the answers."""
    colour, count = theme.colour(panel.number), len(panel.answers)
    found, most = panel.found, max(panel.answers)
    full = [bin for bin in range(count) if panel.answers[bin]]
    points = [(100 * found.confidence[bin], 100 * found.accuracy[bin]) for bin in full]
    shares: list[tuple[int, ArrayLike]] = []
    for bin in full:
        left, right = 100 * bin / count, 100 * (bin + 1) / count
        top = TALLEST * panel.answers[bin] / most
        shares.append((n, [(left, 0), (right, 0), (right, top), (left, top)]))
    places.areas(shares, facecolors="#dcdcdc", edgecolors="white", linewidths=0.4, zorder=1)
    places.lines([(n, [(x, x), (x, y)]) for x, y in points], colors=colour, linewidths=2.4,
                 alpha=0.45, capstyle="butt", zorder=3)  # fmt: skip
    # A bin's area is that of its answers, so that the noise of few of them does not shout.
    sizes = [3 + 22 * panel.answers[bin] / sum(panel.answers) for bin in full]
    x, y = places.at(n, points).T
    places.ax.scatter(x, y, s=sizes, color=colour, marker=theme.marker(panel.number), lw=0,
                      zorder=4)  # fmt: skip
    places.title(n, _title(printable(panel.row.label)), 6.4)
    places.text(n, (5, 96), f"ECE {100 * found.expected_error:.1f} %", fontsize=6.8, va="top")


def _title(name: str) -> str:
    """A name in two lines at most, broken between its parts."""
    lines = [""]
    for part in re.findall(r"[^-]*-|[^-]+", name):
        if lines[-1] and len(lines[-1] + part.rstrip("-")) > TITLE_WIDTH:
            lines.append("")
        lines[-1] += part
    lines = [line if len(line) <= TITLE_WIDTH + 1 else line[:TITLE_WIDTH] + "…" for line in lines]
    return "\n".join([lines[0], lines[1] + "…"] if len(lines) > 2 else lines)


def _legend(panels: list[Panel]) -> list[Line2D | Patch]:
    titles = {panel.number: panel.ranking.title for panel in panels}
    handles: list[Line2D | Patch] = [
        Line2D([], [], marker=theme.marker(n), ms=4.5, lw=2.4, color=theme.colour(n), alpha=0.8,
               label=printable(titles[n]))
        for n in sorted(titles)
    ]  # fmt: skip
    handles.append(
        Line2D([], [], color=theme.INK, lw=0.8, ls=DASHES, label="right as often as it says")
    )
    handles.append(Patch(facecolor="#e3e3e3", lw=0, label="share of the answers"))
    return handles


def _data(panel: Panel) -> list[list[Any]]:
    """Every bin; confidence, accuracy and error in [0, 1], both empty for an empty bin."""
    column, ranking, found = panel.column, panel.ranking, panel.found
    head = [column.task.name, column.version, ranking.pool, ranking.budget, ranking.views]
    return [
        [*head, panel.row.key, panel.row.recipe8, n, len(panel.answers), panel.answers[n],
         panel.correct[n], found.confidence[n], found.accuracy[n], found.expected_error]
        for n in range(len(panel.answers))
    ]  # fmt: skip
