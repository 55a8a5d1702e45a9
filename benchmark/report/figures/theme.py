"""How all figures look, and how they become files."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.transforms import ScaledTranslation

from benchmark.report.escape import cell, printable
from benchmark.report.figures.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

DOTS_PER_INCH = 160
LONGEST_LABEL, LONGEST_HEADING = 44, 64
MOST_IN_BRACKETS = 12
INK, MUTED, FAINT = "#222222", "#6b6b6b", "#d5d5d5"
# Okabe and Ito (2008), without the yellow that vanishes on paper: distinct for colour-blind eyes.
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#555555")
MARKERS = "osD^vPX"
SETTINGS: dict[str, Any] = {
    # Matplotlib brings DejaVu Sans, which fixes the layout. Verdana has nearly the same widths and
    # shows the text of an SVG where the reader lacks DejaVu Sans.
    "font.family": ["sans-serif"],
    "font.sans-serif": ["DejaVu Sans", "Verdana"],
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
    # SVG: text as text, which readers can search and select, and names that depend on nothing else.
    "svg.fonttype": "none",
    "svg.hashsalt": "oneshot-benchmark",
}


@contextmanager
def theme() -> Iterator[None]:
    """Applies the theme inside a with block and to nothing outside it."""
    import seaborn as sns

    # Any: matplotlib types each name
    settings: Any = sns.axes_style("ticks") | sns.plotting_context("paper") | SETTINGS
    with rc_context(settings):
        yield


def colour(number: int) -> str:
    """Colour of the n-th group; the colours repeat after seven."""
    return COLOURS[number % len(COLOURS)]


def marker(number: int) -> str:
    """Marker of the n-th group, which tells groups apart in greyscale prints."""
    return MARKERS[(number + number // len(COLOURS)) % len(MARKERS)]


def short(name: str, longest: int = LONGEST_LABEL) -> str:
    """A model's name as a label: harmless, and cut where it is very long.

    What stands in brackets at its end stays: it tells the recipes of one model apart.
    """
    text = printable(name)
    if len(text) <= longest:
        return text
    start = text.rfind(" (")
    end = text[start:] if 0 < start >= len(text) - MOST_IN_BRACKETS and text[-1] == ")" else ""
    return text[: longest - 1 - len(end)].rstrip("-") + "…" + end


def beside(ax: Axes, points: float, y: float, text: str, **how: Any) -> None:
    """Text in the right margin, `points` from the edge, at a height in the axis's unit."""
    moved = ScaledTranslation(points / 72, 0, ax.figure.dpi_scale_trans)
    ax.text(1, y, text, transform=ax.get_yaxis_transform() + moved, va="center", **how)


def above(figure: Figure, note: str) -> None:
    """What a figure leaves out, in its upper left corner."""
    if note:
        figure.suptitle(note, x=0.01, ha="left", fontsize=7.5, color=MUTED)


def canvas(width: float, height: float) -> Figure:
    """An empty figure in inches, outside of pyplot's global list and on no screen."""
    layout = ConstrainedLayoutEngine(w_pad=0.13, h_pad=0.05)
    return Figure(figsize=(width, height), dpi=DOTS_PER_INCH, layout=layout)


def abreast(panels: int) -> int:
    """Panels in a row: up to four, or three where that leaves fewer places empty."""
    if panels <= 4:
        return panels
    return min((4, 3), key=lambda number: -panels % number)


def picture(
    figure: Figure,
    section: str,
    stem: str,
    caption: str,
    header: Sequence[str],
    rows: list[list[Any]],
    sheet: str | None = "",
) -> Picture:
    """The figure as an SVG file and its data as a CSV file.

    Args:
        figure: what is drawn, with the theme applied.
        section: title of the section that shows it.
        stem: name of the file without its suffix.
        caption: also the title that the SVG carries.
        header: of the CSV file.
        rows: of the CSV file; None and NaN are empty cells.
        sheet: name of the CSV file without its suffix, by default `stem`; None for no CSV file.
    """
    files = {f"{stem}.svg": image(figure, "svg", printable(caption))}
    if sheet is not None:
        text = io.StringIO()
        writer = csv.writer(text, lineterminator="\n")
        writer.writerow(header)
        writer.writerows([_cell(value) for value in row] for row in rows)
        data = text.getvalue().encode("utf-8", errors="backslashreplace")
        files[f"{sheet or stem}.csv"] = data
    return Picture(section, stem, caption, files)


def image(figure: Figure, format: Literal["svg", "png"], title: str | None = None) -> bytes:
    """The figure as a file whose bytes depend on the data and the version of matplotlib alone."""
    metadata: dict[str, str | None] = (
        {"Software": None} if format == "png" else {"Date": None, "Creator": None}
    )
    metadata |= {"Title": title} if title else {}
    file = io.BytesIO()
    with theme():
        figure.savefig(file, format=format, dpi="figure", metadata=metadata)
    return file.getvalue()


def _cell(value: Any) -> Any:
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, str):
        return cell(value)
    return f"{value:.6f}" if isinstance(value, float) else value
