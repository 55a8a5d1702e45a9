"""How all figures look, and how they become files whose bytes depend on nothing but the data."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from matplotlib import rc_context, rcParams
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.markers import TICKDOWN, TICKLEFT
from matplotlib.transforms import ScaledTranslation

from benchmark.report.escape import cell, printable
from benchmark.report.figures.twofold import svg_and_png

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOTS_PER_INCH = 160
LONGEST_LABEL = 44
MOST_IN_BRACKETS = 12
INK, MUTED, FAINT = "#222222", "#6b6b6b", "#d5d5d5"
# Okabe and Ito (2008), without the yellow that vanishes on paper: distinct for colour-blind eyes.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#555555")
MARKERS = "osD^vPX"
# seaborn's style "ticks" in its context "paper", as far as it is not matplotlib's own: in numbers,
# because to import seaborn takes longer than to draw. A test holds them against seaborn's.
STYLE: dict[str, Any] = {
    "lines.linewidth": 1.2,
    "lines.markersize": 4.8,
    "lines.solid_capstyle": "round",
    "patch.edgecolor": "w",
    "patch.force_edgecolor": True,
    "patch.linewidth": 0.8,
    "legend.fontsize": 8.8,
    "legend.title_fontsize": 9.6,
    "xtick.labelsize": 8.8,
    "ytick.labelsize": 8.8,
    "xtick.major.size": 4.8,
    "ytick.major.size": 4.8,
    "xtick.major.width": 1.0,
    "ytick.major.width": 1.0,
    "xtick.minor.size": 3.2,
    "ytick.minor.size": 3.2,
    "xtick.minor.width": 0.8,
    "ytick.minor.width": 0.8,
}
SETTINGS: dict[str, Any] = {
    "font.family": ["DejaVu Sans"],
    "font.size": 8.5,
    "text.color": INK,
    # A model's name is a name, whatever dollar signs are in it.
    "text.parse_math": False,
    "axes.titlesize": 9,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.labelsize": 8.5,
    "axes.labelcolor": INK,
    "axes.edgecolor": MUTED,
    "axes.linewidth": 0.7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "grid.color": "#e6e6e6",
    "grid.linewidth": 0.6,
    "xtick.color": MUTED,
    "ytick.color": MUTED,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextmanager
def theme() -> Iterator[None]:
    """Applies the theme inside a with block and to nothing outside it."""
    settings: Any = STYLE | SETTINGS  # Any: matplotlib types each name
    with rc_context(settings):
        yield


def colour(number: int) -> str:
    """The colour of the so-manieth group; they repeat after seven."""
    return COLOURS[number % len(COLOURS)]


def marker(number: int) -> str:
    """The shape that goes with the colour of the so-manieth group, for prints in grey."""
    return MARKERS[number % len(MARKERS)]


def short(name: str) -> str:
    """A model's name as a label: harmless, and cut where it is very long.

    What stands in brackets at its end stays: it tells the recipes of one model apart.
    """
    text = printable(name)
    if len(text) <= LONGEST_LABEL:
        return text
    start = text.rfind(" (")
    end = text[start:] if 0 < start >= len(text) - MOST_IN_BRACKETS and text[-1] == ")" else ""
    return text[: LONGEST_LABEL - 1 - len(end)].rstrip("-") + "…" + end


def beside(ax: Axes, points: float, y: float, text: str, **how: Any) -> None:
    """Text in the right margin: so many points from the edge, at a height in the axis's unit."""
    moved = ScaledTranslation(points / 72, 0, ax.figure.dpi_scale_trans)
    ax.text(1, y, text, transform=ax.get_yaxis_transform() + moved, va="center", **how)


def between_decades(ax: Axes, axis: Literal["x", "y"], low: float) -> None:
    """The small marks of a logarithmic axis from `low` to 1.

    As matplotlib's own ticks they would take most of a figure's time.
    """
    first = math.floor(math.log10(low))
    marks = [n * 10.0**power for power in range(first, 0) for n in range(2, 10)]
    marks = [mark for mark in marks if mark >= low]
    how: dict[str, Any] = {
        "lw": 0, "ms": rcParams["xtick.minor.size"], "mew": rcParams["xtick.minor.width"],
        "color": MUTED, "clip_on": False,
    }  # fmt: skip
    edge = [0] * len(marks)
    if axis == "x":
        ax.plot(marks, edge, marker=TICKDOWN, transform=ax.get_xaxis_transform(), **how)
    else:
        ax.plot(edge, marks, marker=TICKLEFT, transform=ax.get_yaxis_transform(), **how)


def above(figure: Figure, note: str) -> None:
    """What a figure leaves out, in its upper left corner."""
    if note:
        figure.suptitle(note, x=0.01, ha="left", fontsize=7.5, color=MUTED)


def canvas(width: float, height: float) -> Figure:
    """An empty figure in inches, outside of pyplot's global list and on no screen."""
    # Laid out at the picture's own resolution, where letters are as wide as they will be, and with
    # a margin for the SVG's, which are a trifle wider.
    figure = Figure(
        figsize=(width, height),
        dpi=DOTS_PER_INCH,
        layout=ConstrainedLayoutEngine(w_pad=0.09, h_pad=0.05),
    )
    FigureCanvasAgg(figure)
    return figure


def abreast(panels: int) -> int:
    """Panels in a row: up to four, or three where that leaves fewer places empty."""
    if panels <= 4:
        return panels
    return min((4, 3), key=lambda number: -panels % number)


def files(
    figure: Figure,
    stem: str,
    header: Sequence[str],
    rows: list[list[Any]],
    sheet: str | None = "",
) -> dict[str, bytes]:
    """The figure as SVG and PNG and its data as CSV, by file name.

    `sheet` is the CSV's name where it is another than the figure's, or None for no CSV.
    """
    svg, png = svg_and_png(figure)
    made = {f"{stem}.svg": svg, f"{stem}.png": png}
    if sheet is not None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([_cell(value) for value in row] for row in rows)
        data = text.getvalue().encode("utf-8", errors="backslashreplace")
        made[f"{sheet or stem}.csv"] = data
    return made


def png(figure: Figure) -> bytes:
    """The figure as a PNG file alone."""
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return file.getvalue()


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        return cell(value)
    return f"{value:.6f}" if isinstance(value, float) else value
