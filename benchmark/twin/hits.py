"""The hits of a search as a picture: the query, then what is most alike to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

from benchmark.datasets.own.bad import printable
from benchmark.datasets.own.decode import TROUBLE, opened, planes
from benchmark.datasets.own.scale import StoredScale
from benchmark.errors import OneshotError
from benchmark.report.figures.theme import COLOURS, INK, MUTED, canvas, image, theme
from benchmark.twin.pictures import OneImage
from benchmark.twin.search import Hit
from benchmark.twin.wording import likely

COLUMNS = 5  # of hits, beside the query
MOST = 50
SIDE = 160  # pixels of each picture
CELL = 1.3  # inches
LETTERS = 24  # of a file's name
# Colour, width and line by the decision: told apart in grey too; None where there is none.
FRAMES: dict[bool | None, tuple[str, float, Any]] = {
    True: (COLOURS[0], 2.6, "-"),
    False: (MUTED, 0.9, (0, (3, 2))),
    None: (MUTED, 0.9, "-"),
}


def draw(query: OneImage, root: Path, hits: list[Hit], scale: StoredScale | None = None) -> bytes:
    """A PNG of the query and up to 50 hits, as the files show them.

    A hit that is taken for the same has a thick frame, one that is not a thin broken one.

    Args:
        query: the image that was asked about.
        root: the folder that was searched.
        hits: in their order.
        scale: of floats and of more than 8 bits, see `Form`.

    Raises:
        OneshotError: an image can no longer be read.
    """
    hits = hits[:MOST]
    columns = min(COLUMNS, len(hits))
    rows = -(-len(hits) // columns)
    with theme():
        figure = canvas(CELL * (columns + 1) + 0.15, (CELL + 0.3) * rows + 0.05)
        grid = figure.add_gridspec(rows, columns + 1, wspace=0.02, hspace=0.02)
        name = Path(query).name if isinstance(query, str | Path) else ""
        _cell(figure.add_subplot(grid[0, 0]), _picture(query, scale), "query", name, INK, 1.2, "-")
        for place, hit in enumerate(hits):
            axes = figure.add_subplot(grid[place // columns, 1 + place % columns])
            _cell(axes, _picture(root / hit.name, scale), _title(hit), hit.name, *FRAMES[hit.same])
        return image(figure, "png")


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
    """Folder and file on a line each; the end tells files apart better than the beginning."""
    folder, slash, file = printable(name).rpartition("/")
    lines = (folder + slash, file) if slash else (file,)
    return "\n".join(
        line if len(line) <= LETTERS else f"…{line[1 - LETTERS :]}" for line in lines
    )  # fmt: skip


def _picture(image: OneImage, scale: StoredScale | None) -> NDArray[np.uint8]:
    """uint8 [SIDE, SIDE, 3]: the whole image in the middle of white paper.

    Raises:
        OneshotError: it can no longer be read.
    """
    try:
        if isinstance(image, str | Path):
            with opened(Path(image).expanduser()) as file:
                array = planes(file, 3, scale)
        else:
            shown = image if isinstance(image, Image.Image) else Image.fromarray(image)
            array = planes(shown, 3, scale)
    except TROUBLE as error:
        raise OneshotError(f"{image} can no longer be read ({error}).") from error
    whole = Image.fromarray(array.transpose(1, 2, 0))
    return np.asarray(ImageOps.pad(whole, (SIDE, SIDE), Image.Resampling.LANCZOS, "white"))
