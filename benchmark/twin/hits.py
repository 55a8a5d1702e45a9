"""The hits of a search as a picture: the query, then what is most alike to it."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmark.datasets.own.bad import printable
from benchmark.datasets.own.decode import Picture, pixels
from benchmark.datasets.own.options import Options
from benchmark.errors import OneshotError
from benchmark.report.figures.theme import COLOURS, DOTS_PER_INCH, INK, MUTED, canvas, theme
from benchmark.twin.pictures import OneImage
from benchmark.twin.search import Hit
from benchmark.twin.wording import likely

COLUMNS = 5  # of hits, beside the query
MOST = 50
SIDE = 160  # pixels of each picture
CELL = 1.3  # inches
LETTERS = 24  # of a file's name
SAME, DIFFERENT = COLOURS[0], MUTED


def draw(query: OneImage, root: Path, hits: list[Hit]) -> bytes:
    """A PNG of the query and up to 50 hits, as the files show them.

    A hit that is taken for the same has a thick frame, another a thin broken one.

    Args:
        query: the image that was asked about.
        root: the folder that was searched.
        hits: in their order.

    Raises:
        OneshotError: an image can no longer be read.
    """
    hits = hits[:MOST]
    columns = min(COLUMNS, len(hits))
    rows = -(-len(hits) // columns)
    buffer = io.BytesIO()
    with theme():
        figure = canvas(CELL * (columns + 1) + 0.35, (CELL + 0.2) * rows + 0.05)
        grid = figure.add_gridspec(
            rows, columns + 1, width_ratios=[1.15, *([1] * columns)], wspace=0.02, hspace=0.02
        )
        name = Path(query).name if isinstance(query, str | Path) else ""
        _cell(figure.add_subplot(grid[0, 0]), _picture(query), "query", name, INK, 1.2, "-")
        for place, hit in enumerate(hits):
            axes = figure.add_subplot(grid[place // columns, 1 + place % columns])
            colour, width, style = (SAME, 2.6, "-") if hit.same else (DIFFERENT, 0.9, (0, (3, 2)))
            image = _picture(root / hit.name)
            _cell(axes, image, _title(hit), hit.name, colour, width, style)
        figure.savefig(buffer, format="png", dpi=DOTS_PER_INCH, metadata={"Software": None})
    return buffer.getvalue()


def _title(hit: Hit) -> str:
    if hit.probability is None:
        return f"{hit.rank}.  {hit.similarity:.3g}"
    return f"{hit.rank}.  {'same' if hit.same else 'other'}, {likely(hit.probability)}"


def _cell(
    axes: Any,
    image: NDArray[np.uint8],
    title: str,
    name: str,
    colour: str,
    width: float,
    style: Any,
) -> None:
    axes.imshow(image, interpolation="antialiased")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_title(title, fontsize=7.5, pad=3, loc="center", color=INK)
    axes.set_xlabel(_short(name), fontsize=6, labelpad=2, color=MUTED)
    for spine in axes.spines.values():
        spine.set(visible=True, edgecolor=colour, linewidth=width, linestyle=style)


def _short(name: str) -> str:
    """The end of a file's name, which tells files apart better than its beginning."""
    name = printable(name)
    return name if len(name) <= LETTERS else f"…{name[1 - LETTERS :]}"


def _picture(image: OneImage) -> NDArray[np.uint8]:
    """uint8 [SIDE, SIDE, 3], whole and on white."""
    if isinstance(image, str | Path):
        file: Any = Path(image).expanduser()
    else:
        file = io.BytesIO()
        shown = image if isinstance(image, Image.Image) else Image.fromarray(image)
        shown.save(file, "PNG")
    found = pixels(Picture(file, str(image)), 3, Options(side=SIDE))
    if not isinstance(found, np.ndarray):
        raise OneshotError(f"{image} {found.reason}.")
    return found.transpose(1, 2, 0)
