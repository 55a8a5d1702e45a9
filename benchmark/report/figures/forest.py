"""Forest plot of a track: each model minus the reference of its ranking, with both intervals."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from benchmark.records.store import slug
from benchmark.report import row_selection
from benchmark.report.baseline_comparison import BY_ACCURACY, Against, Differences
from benchmark.report.cells import NOTES, ONE_SEED
from benchmark.report.compare_text import p_of
from benchmark.report.escape import printable
from benchmark.report.figures import theme
from benchmark.report.figures.picture import Picture
from benchmark.report.leaderboard import Section

if TYPE_CHECKING:
    from matplotlib.axes import Axes

PALE, DARK = theme.COLOURS[4], theme.COLOURS[0]
HEADER = (
    "task", "version", "pool", "budget", "views", "model", "recipe8", "reference",
    "reference_recipe8", "chosen_by", "difference", "images_low", "images_high", "classes_low",
    "classes_high", "units", "p", "p_holm",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """A line of the figure: a model against the reference, or without one a ranking's heading."""

    y: float
    of: Differences
    against: Against | None

    @property
    def label(self) -> str:
        """What stands on the left."""
        against = self.against
        if against is None:
            return theme.short(self.of.ranking.title, theme.LONGEST_HEADING)
        return theme.short(against.row.label)


def draw(section: Section, found: Sequence[Differences]) -> Picture | None:
    """The figure of one section; None where none of its rankings has two models to compare."""
    mine = [each for each in found if each.section is section]
    if not mine:
        return None
    lines = _lines(mine)
    note = row_selection.note(row_selection.reduced(section))
    width = 0.065 * max(len(line.label) for line in lines) + 5.2
    with theme.theme():
        figure = theme.canvas(width, 0.185 * (lines[-1].y + 1) + 1.25 + 0.2 * bool(note))
        ax = figure.subplots()
        _forest(ax, lines)
        _texts(ax, lines)
        name = printable(mine[0].column.name)
        ax.set_xlabel(f"difference in accuracy on {name}, percentage points")
        figure.legend(handles=_legend(lines), loc="outside lower center", ncols=2, fontsize=8)
        theme.above(figure, note)
        stem = f"forest-{slug(section.title)}"
    chosen = " and ".join(dict.fromkeys(each.chosen_by for each in mine))
    caption = (
        f"Paired differences on {mine[0].column.name} to the reference of each ranking: {chosen}"
        + (f"; {note}" if note else "")
    )
    return theme.picture(
        figure,
        section.title,
        stem,
        caption,
        HEADER,
        [_data(line) for line in lines if line.against],
    )


def _lines(found: list[Differences]) -> list[Line]:
    """Rankings under each other, each with a heading; the best models first."""
    lines: list[Line] = []
    y = 0.0
    for each in found:
        lines.append(Line(y, each, None))
        shown = {id(row) for row in row_selection.chosen(each.section, each.ranking)}
        those = [against for against in each.rows if id(against.row) in shown]
        for against in sorted(those, key=lambda one: -one.images.difference):
            y += 1
            lines.append(Line(y, each, against))
        y += 1.5
    return lines


def _forest(ax: Axes, lines: list[Line]) -> None:
    """New classes as a pale bar, these images as a line on it, the difference as a dot."""
    ax.grid(axis="x")
    ax.axvline(0, color=theme.INK, lw=0.9, zorder=1)
    rows = [(line.y, line.against) for line in lines if line.against is not None]
    ax.hlines([y for y, _ in rows], 0, 1, transform=ax.get_yaxis_transform(), lw=0.4,
              color=theme.FAINT, zorder=0)  # fmt: skip
    dark: dict[str, Any] = {"color": DARK, "lw": 1.8, "zorder": 3}
    pale: dict[str, Any] = {"color": PALE, "lw": 5, "alpha": 0.55, "zorder": 2}
    for bars, how in (
        ([(y, a.classes) for y, a in rows], pale),
        ([(y, a.images) for y, a in rows], dark),
    ):
        known = [(y, i) for y, i in bars if i is not None and not math.isnan(i.low)]
        ends = [100 * i.low for _, i in known], [100 * i.high for _, i in known]
        ax.hlines([y for y, _ in known], *ends, **how)
    ax.scatter([100 * a.images.difference for _, a in rows], [y for y, _ in rows], s=26,
               color=DARK, edgecolor="white", linewidth=0.5, zorder=4)  # fmt: skip
    ax.margins(x=0.06)
    ax.xaxis.set_major_locator(MaxNLocator(7, steps=[1, 2, 2.5, 5, 10]))
    ax.set_yticks([line.y for line in lines], [line.label for line in lines])
    for label, line in zip(ax.get_yticklabels(), lines, strict=True):
        if line.against is None:
            label.set(fontweight="bold", fontsize=8)
    ax.tick_params(left=False)
    ax.spines["left"].set_visible(False)
    ax.set_ylim(lines[-1].y + 0.7, -1.1)


def _texts(ax: Axes, lines: list[Line]) -> None:
    """What is subtracted, and beside each row its number and its p."""
    head: dict[str, Any] = {"fontsize": 7.5, "color": theme.MUTED}
    theme.beside(ax, 46, -0.9, "difference", ha="right", **head)
    theme.beside(ax, 56, -0.9, "p (Holm)", **head)
    for line in lines:
        if line.against is None:
            text = f"minus {theme.short(line.of.reference.label)}"
            ax.text(0.01, line.y, text, transform=ax.get_yaxis_transform(), va="center", **head,
                    bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.8})  # fmt: skip
            continue
        images = line.against.images
        mark = "" if images.covers_training else ONE_SEED
        theme.beside(ax, 38, line.y, f"{100 * images.difference:+.1f}", ha="right", fontsize=8)
        theme.beside(ax, 40, line.y, mark, fontsize=7, color=theme.MUTED)
        theme.beside(ax, 56, line.y, p_of(line.against.decisive, line.against.p_holm), fontsize=8)


def _legend(lines: list[Line]) -> list[Line2D]:
    handles = [Line2D([], [], marker="o", ms=5, lw=1.8, color=DARK, label="95 %, these images")]
    for chosen in dict.fromkeys(line.of.chosen_by for line in lines):
        best = (
            "test: the intervals leave that choice out" if chosen == BY_ACCURACY else "validation"
        )
        handles.append(Line2D([], [], lw=0, label=f"minus the highest on {best}"))
    rows = [line.against for line in lines if line.against is not None]
    if any(row.classes is not None for row in rows):
        handles.append(
            Line2D([], [], lw=5, alpha=0.55, color=PALE, label="95 %, new classes (and p)")
        )
    if any(not row.images.covers_training for row in rows):
        note = NOTES[ONE_SEED].partition(":")[0].lower()
        label = f"{ONE_SEED} {note}: without training luck"
        handles.append(Line2D([], [], lw=0, label=label))
    return handles


def _data(line: Line) -> list[Any]:
    """Differences in accuracy, in [-1, 1]."""
    of, against = line.of, line.against
    assert against is not None
    ranking, new, images = of.ranking, against.classes, against.images
    return [
        of.column.task.name, of.column.version, ranking.pool, ranking.budget, ranking.views,
        against.row.key, against.row.recipe8, of.reference.key, of.reference.recipe8,
        of.chosen_by, images.difference, images.low, images.high,
        None if new is None else new.low, None if new is None else new.high,
        (new or images).units, against.p, against.p_holm,
    ]  # fmt: skip
