"""A contact sheet: a row of items for each of some classes, to see what a data set looks like."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from benchmark.datasets.data_set import DataSet
from benchmark.errors import OneshotError, Refused

CLASSES, ITEMS = 16, 12
TILE, GAP, LABEL = 64, 4, 150  # pixels
PAPER, WRITING = "white", "black"
LETTERS = 24  # of a class name


def draw(data: DataSet, path: Path) -> None:
    """Writes a PNG: up to 16 classes spread over all of them, up to 12 of their first items.

    Characters are shown with dark ink on white paper, whatever they are stored as.

    Raises:
        Refused: for vectors and texts.
        OneshotError: if the file cannot be written.
    """
    if data.kind != "image":
        raise Refused(f"'{data.name}' holds {data.kind}s; a contact sheet shows images.")
    count = min(CLASSES, len(data.class_names))
    chosen = np.linspace(0, len(data.class_names) - 1, count).round().astype(int)
    size = (LABEL + ITEMS * (TILE + GAP) + GAP, GAP + count * (TILE + GAP))
    sheet = Image.new("RGB", size, PAPER)
    pen = ImageDraw.Draw(sheet)
    splits = data.groups.get("split")
    for place, number in enumerate(chosen):
        top = GAP + place * (TILE + GAP)
        items = np.flatnonzero(data.labels == number)
        label = _short(data.class_names[number])
        if splits is not None:
            label += f"\n{splits.names[splits.codes[items[0]]]}"
        pen.multiline_text((GAP, top + TILE // 3), f"{label}\n{len(items)} items", WRITING)
        for column, image in enumerate(data.take(items[:ITEMS]).images(TILE)):
            shown = 255 - image if data.family == "character" else image
            tile = Image.fromarray(shown[0] if len(shown) == 1 else shown.transpose(1, 2, 0))
            sheet.paste(tile, (LABEL + column * (TILE + GAP), top))
    try:
        sheet.save(path, "PNG")
    except OSError as error:
        raise OneshotError(f"Cannot write {path}: {error.strerror or error}.") from error


def _short(name: str) -> str:
    return name if len(name) <= LETTERS else f"{name[: LETTERS - 1]}…"
